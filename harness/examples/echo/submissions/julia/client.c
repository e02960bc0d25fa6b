#include "net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_connection(const char *host, const char *port)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
    int fd;

    if (inet_pton(AF_INET, host, &addr.sin_addr) != 1)
        return -1;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        perror("connect");
        close(fd);
        return -1;
    }
    return fd;
}

int main(int argc, char **argv)
{
    char line[4096], byte;
    int fd;

    if (argc != 3 || (fd = open_connection(argv[1], argv[2])) < 0) {
        fprintf(stderr, "could not connect\n");
        return 1;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        size_t len = strlen(line);
        if (net_send(fd, line, len) < 0 || net_recv(fd, line, len) < 0) {
            perror("connection");
            return 1;
        }
        fwrite(line, 1, len, stdout);
    }
    if (shutdown(fd, SHUT_WR) < 0 || recv(fd, &byte, 1, 0) != 0) {
        perror("end");
        return 1;
    }
    close(fd);
    return 0;
}
