/*
 * CS 340 - Assignment 1: echo server
 * Alice M.
 *
 * One loop around select(). Each client has a buffer of what was received and
 * not yet sent back; a client with a full buffer is not read.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAXCLIENTS 100
#define BUFSIZE 4096

struct client {
    int fd; /* -1: free */
    char buf[BUFSIZE];
    size_t start, end;
    int eof;
};

static struct client clients[MAXCLIENTS];

static void drop(struct client *c)
{
    close(c->fd);
    c->fd = -1;
}

static void new_client(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        /* nothing bad: the next round of select() tries again */
        if (errno == EMFILE || errno == ENFILE)
            usleep(10000);
        return;
    }
    for (int i = 0; i < MAXCLIENTS; i++) {
        if (clients[i].fd < 0) {
            fcntl(fd, F_SETFL, O_NONBLOCK);
            clients[i].fd = fd;
            clients[i].start = clients[i].end = 0;
            clients[i].eof = 0;
            return;
        }
    }
    close(fd); /* we are full */
}

static void read_from(struct client *c)
{
    ssize_t n = recv(c->fd, c->buf, BUFSIZE, 0);
    if (n > 0) {
        c->start = 0;
        c->end = n;
    } else if (n == 0) {
        c->eof = 1;
    } else if (errno != EAGAIN && errno != EINTR) {
        drop(c);
    }
}

static void write_to(struct client *c)
{
    ssize_t n = send(c->fd, c->buf + c->start, c->end - c->start, MSG_NOSIGNAL);
    if (n >= 0)
        c->start += n;
    else if (errno != EAGAIN && errno != EINTR)
        drop(c);
}

int main(int argc, char *argv[])
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s <port>\n", argv[0]);
        return 1;
    }
    for (int i = 0; i < MAXCLIENTS; i++)
        clients[i].fd = -1;

    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (listener < 0) {
        perror("socket");
        return 1;
    }
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    struct sockaddr_in me = { 0 };
    me.sin_family = AF_INET;
    me.sin_port = htons(atoi(argv[1]));
    me.sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(listener, (struct sockaddr *)&me, sizeof(me)) < 0) {
        perror("bind");
        return 1;
    }
    if (listen(listener, 32) < 0) {
        perror("listen");
        return 1;
    }
    fcntl(listener, F_SETFL, O_NONBLOCK); /* a client may be gone again before we accept */

    for (;;) {
        fd_set rd, wr;
        int max = listener;

        FD_ZERO(&rd);
        FD_ZERO(&wr);
        FD_SET(listener, &rd);
        for (int i = 0; i < MAXCLIENTS; i++) {
            struct client *c = &clients[i];
            if (c->fd < 0)
                continue;
            if (c->start == c->end && c->eof) {
                drop(c); /* all is sent back */
                continue;
            }
            FD_SET(c->fd, c->start < c->end ? &wr : &rd);
            if (c->fd > max)
                max = c->fd;
        }
        if (select(max + 1, &rd, &wr, NULL, NULL) < 0) {
            if (errno == EINTR)
                continue;
            perror("select");
            return 1;
        }
        for (int i = 0; i < MAXCLIENTS; i++) {
            struct client *c = &clients[i];
            if (c->fd < 0)
                continue;
            if (FD_ISSET(c->fd, &rd))
                read_from(c);
            else if (FD_ISSET(c->fd, &wr))
                write_to(c);
        }
        if (FD_ISSET(listener, &rd))
            new_client(listener);
    }
}
