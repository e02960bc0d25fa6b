#include "net.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 64

static struct pollfd fds[MAX];
static int nfds;

static void remove_client(int i)
{
    close(fds[i].fd);
    fds[i] = fds[--nfds];
}

/* -1: the client is gone and its socket is closed */
static int serve(int fd)
{
    char buf[1024];
    ssize_t n = recv(fd, buf, sizeof(buf), 0);

    if (n == 0)
        return -1;
    if (n < 0 || net_send(fd, buf, n) < 0) {
        perror("client");
        close(fd);
        return -1;
    }
    return 0;
}

static void add_client(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd < 0) {
        perror("accept");
        return;
    }
    if (nfds == MAX) {
        close(fd);
        return;
    }
    fds[nfds].fd = fd;
    fds[nfds].events = POLLIN;
    fds[nfds].revents = 0;
    nfds++;
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    int listener, on = 1;

    if (argc != 2)
        return 1;
    addr.sin_port = htons(atoi(argv[1]));
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(listener, 10) < 0) {
        perror("listen");
        return 1;
    }
    fds[0].fd = listener;
    fds[0].events = POLLIN;
    nfds = 1;

    for (;;) {
        if (poll(fds, nfds, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("poll");
            return 1;
        }
        for (int i = nfds - 1; i > 0; i--)
            if (fds[i].revents && serve(fds[i].fd) < 0)
                remove_client(i);
        if (fds[0].revents & POLLIN)
            add_client(listener);
    }
}
