/* Elena - key value server
 * poll() tells who has something to say, then the whole request is read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 50
#define MAX_ITEMS 500

static char keys[MAX_ITEMS][33];
static char values[MAX_ITEMS][1025];

static int lookup(const char *key)
{
    for (int i = 0; i < MAX_ITEMS; i++)
        if (strcmp(keys[i], key) == 0)
            return i;
    return -1;
}

static int readn(int fd, void *p, size_t n)
{
    while (n > 0) {
        ssize_t r = recv(fd, p, n, 0);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        p = (char *)p + r;
        n -= r;
    }
    return 0;
}

static int sendn(int fd, const void *p, size_t n)
{
    while (n > 0) {
        ssize_t r = send(fd, p, n, MSG_NOSIGNAL);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        p = (const char *)p + r;
        n -= r;
    }
    return 0;
}

static int reply(int fd, const char *word, const char *rest)
{
    char buf[2000];
    uint32_t len = htonl(strlen(word) + strlen(rest));
    memcpy(buf, &len, 4);
    strcpy(buf + 4, word);
    strcat(buf + 4, rest);
    return sendn(fd, buf, 4 + strlen(word) + strlen(rest));
}

/* one request of this client; -1 when it is gone */
static int serve(int fd)
{
    uint32_t len;
    char buf[1025];

    if (readn(fd, &len, 4) < 0)
        return -1;
    len = ntohl(len);
    if (len < 1 || len > 1024) {
        reply(fd, "BAD", "");
        shutdown(fd, SHUT_WR);
        return -1;
    }
    if (readn(fd, buf, len) < 0)
        return -1;
    buf[len] = 0;

    char *key = buf + 4, *value = NULL;
    if (len > 4 && buf[3] == ' ' && (value = strchr(key, ' ')))
        *value++ = 0;
    if (len <= 4 || buf[3] != ' ' || !*key || strlen(key) > 32)
        return reply(fd, "BAD", "");

    int i = lookup(key);
    if (strncmp(buf, "PUT", 3) == 0 && value) {
        if (i < 0)
            i = lookup(""); /* a free place */
        if (i < 0)
            return reply(fd, "BAD", "");
        strcpy(keys[i], key);
        strcpy(values[i], value);
        return reply(fd, "OK", "");
    }
    if (strncmp(buf, "GET", 3) == 0 && !value)
        return i < 0 ? reply(fd, "NO", "") : reply(fd, "OK ", values[i]);
    if (strncmp(buf, "DEL", 3) == 0 && !value) {
        if (i >= 0)
            keys[i][0] = 0;
        return reply(fd, i < 0 ? "NO" : "OK", "");
    }
    return reply(fd, "BAD", "");
}

int main(int argc, char **argv)
{
    struct pollfd p[MAX_CLIENTS];
    struct sockaddr_in addr = {0};
    int n = 1, on = 1;

    if (argc != 2) {
        fprintf(stderr, "usage: %s port\n", argv[0]);
        return 1;
    }
    addr.sin_family = AF_INET;
    addr.sin_port = htons(atoi(argv[1]));
    p[0].fd = socket(AF_INET, SOCK_STREAM, 0);
    p[0].events = POLLIN;
    setsockopt(p[0].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(p[0].fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(p[0].fd, 20) < 0) {
        perror("bind/listen");
        return 1;
    }

    while (1) {
        if (poll(p, n, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("poll");
            return 1;
        }
        for (int i = n - 1; i >= 1; i--) {
            if (p[i].revents && serve(p[i].fd) < 0) {
                close(p[i].fd);
                p[i] = p[--n];
            }
        }
        if (p[0].revents) {
            int fd = accept(p[0].fd, NULL, NULL);
            if (fd < 0) {
                perror("accept");
                usleep(1000);
            } else if (n == MAX_CLIENTS) {
                close(fd);
            } else {
                p[n].fd = fd;
                p[n].events = POLLIN;
                p[n].revents = 0;
                n++;
            }
        }
    }
}
