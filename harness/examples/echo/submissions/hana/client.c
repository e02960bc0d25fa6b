#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* reads one line, returns its length or 0 when there is no more */
int getaline(int fd, char *buf, int size) {
    int i = 0;
    while (i < size - 1 && read(fd, &buf[i], 1) > 0) {
        if (buf[i++] == '\n')
            break;
    }
    buf[i] = '\0';
    return i;
}

int main(int argc, char **argv) {
    char line[4096];
    struct sockaddr_in sa = {0};
    int fd, len, n;

    if (argc != 3) {
        fprintf(stderr, "usage: client HOST PORT\n");
        return 1;
    }
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        perror("socket");
        return 1;
    }
    sa.sin_family = AF_INET;
    sa.sin_port = htons(atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &sa.sin_addr);
    if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
        perror("connect");
        return 1;
    }

    while (fgets(line, sizeof(line), stdin)) {
        len = strlen(line);
        for (int done = 0; done < len; done += n) {
            n = write(fd, line + done, len - done);
            if (n < 0) {
                perror("write");
                return 1;
            }
        }
        if (getaline(fd, line, sizeof(line)) == 0)
            break;
        printf("%s", line);
    }
    shutdown(fd, SHUT_WR);
    while (getaline(fd, line, sizeof(line)) > 0)
        ;
    close(fd);
    return 0;
}
