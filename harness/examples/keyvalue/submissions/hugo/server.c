// key-value server, hugo
// a process per client would not share the store, so threads

#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct kv {
    char key[33];
    char val[1025];
    int used;
} kv[1000];

pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

struct kv *slot(const char *key)
{
    for (int i = 0; i < 1000; i++)
        if (kv[i].used && !strcmp(kv[i].key, key))
            return &kv[i];
    return NULL;
}

struct kv *unused(void)
{
    for (int i = 0; i < 1000; i++)
        if (!kv[i].used)
            return &kv[i];
    return NULL;
}

void handle(char *req, char *out)
{
    strcpy(out, "BAD");
    if (strlen(req) < 5 || req[3] != ' ')
        return;
    char *key = req + 4;
    char *val = strchr(key, ' ');
    if (val)
        *val++ = '\0';
    if (!*key || strlen(key) > 32)
        return;
    pthread_mutex_lock(&m);
    struct kv *e = slot(key);
    if (!strncmp(req, "PUT", 3) && val) {
        if (!e)
            e = unused();
        if (e) {
            e->used = 1;
            strcpy(e->key, key);
            strcpy(e->val, val);
            strcpy(out, "OK");
        }
    } else if (!strncmp(req, "GET", 3) && !val) {
        if (e)
            sprintf(out, "OK %s", e->val);
        else
            strcpy(out, "NO");
    } else if (!strncmp(req, "DEL", 3) && !val) {
        strcpy(out, e ? "OK" : "NO");
        if (e)
            e->used = 0;
    }
    pthread_mutex_unlock(&m);
}

int transfer_out(int fd, const char *text)
{
    char frame[2048];
    size_t n = strlen(text);
    uint32_t be = htonl(n);
    memcpy(frame, &be, 4);
    memcpy(frame + 4, text, n);
    n += 4;
    for (char *p = frame; n > 0;) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k < 0)
            return -1;
        p += k;
        n -= k;
    }
    return 0;
}

void *run(void *p)
{
    int fd = (int)(long)p;
    uint32_t be, n;
    char req[1025], out[1100];

    for (;;) {
        if (recv(fd, &be, 4, MSG_WAITALL) != 4)
            break;
        n = ntohl(be);
        if (n == 0 || n > 1024) {
            transfer_out(fd, "BAD");
            break;
        }
        if (recv(fd, req, n, MSG_WAITALL) != (ssize_t)n)
            break;
        req[n] = 0;
        handle(req, out);
        if (transfer_out(fd, out) < 0)
            break;
    }
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        errx(1, "usage: server PORT");
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0)
        err(1, "socket");
    int yes = 1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0)
        err(1, "bind");
    if (listen(s, 10) < 0)
        err(1, "listen");
    for (;;) {
        int fd = accept(s, NULL, NULL);
        if (fd < 0)
            err(1, "accept");
        pthread_t t;
        if (pthread_create(&t, NULL, run, (void *)(long)fd))
            close(fd);
        else
            pthread_detach(t);
    }
}
