/*
 * CS 340 - Assignment 1: echo client
 * Alice M.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAXLINE 8192

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* writen() as in Stevens' book */
static void writen(int fd, const void *vptr, size_t n)
{
    const char *ptr = vptr;
    size_t nleft = n;

    while (nleft > 0) {
        ssize_t nwritten = send(fd, ptr, nleft, MSG_NOSIGNAL);
        if (nwritten <= 0) {
            if (nwritten < 0 && errno == EINTR)
                nwritten = 0;
            else
                die("send");
        }
        nleft -= nwritten;
        ptr += nwritten;
    }
}

/* reads one byte at a time, slow but easy */
static size_t readline(int fd, char *buf, size_t maxlen)
{
    size_t n = 0;

    while (n < maxlen - 1) {
        char c;
        ssize_t rc = read(fd, &c, 1);
        if (rc == 1) {
            buf[n++] = c;
            if (c == '\n')
                break;
        } else if (rc == 0) {
            fprintf(stderr, "server closed the connection\n");
            exit(1);
        } else if (errno != EINTR) {
            die("read");
        }
    }
    buf[n] = 0;
    return n;
}

int main(int argc, char *argv[])
{
    char line[MAXLINE], answer[MAXLINE];
    struct sockaddr_in server;

    if (argc != 3) {
        fprintf(stderr, "usage: %s <host> <port>\n", argv[0]);
        return 1;
    }
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    if (sock < 0)
        die("socket");
    memset(&server, 0, sizeof(server));
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(argv[2]));
    if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
        fprintf(stderr, "bad address: %s\n", argv[1]);
        return 1;
    }
    if (connect(sock, (struct sockaddr *)&server, sizeof(server)) < 0)
        die("connect");

    while (fgets(line, sizeof(line), stdin)) {
        writen(sock, line, strlen(line));
        readline(sock, answer, sizeof(answer));
        fputs(answer, stdout);
    }

    if (shutdown(sock, SHUT_WR) < 0)
        die("shutdown");
    char c;
    ssize_t rc;
    while ((rc = read(sock, &c, 1)) < 0 && errno == EINTR)
        ;
    if (rc < 0)
        die("read");
    close(sock);
    return 0;
}
