/* Simple key/value server with select(). jakob@lab3 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/select.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>

#define MAXLEN 1024

/* state of one client */
struct cl
{
    int fd;
    int len;                    /* bytes in inbuf */
    int outlen;                 /* bytes in outbuf */
    int bad;
    char inbuf[MAXLEN + 4];
    char outbuf[64 * MAXLEN];
    struct cl *next;
};

struct cl *list = NULL;

struct { char key[40]; char val[MAXLEN + 1]; } tab[200];
int tablen = 0;

void queue(struct cl *c, char *s)
{
    uint32_t n = htonl(strlen(s));
    if (c->outlen + 4 + strlen(s) > sizeof(c->outbuf))
        return;
    memcpy(c->outbuf + c->outlen, &n, 4);
    memcpy(c->outbuf + c->outlen + 4, s, strlen(s));
    c->outlen += 4 + strlen(s);
}

void doit(struct cl *c, char *r)
{
    char tmp[MAXLEN + 10];
    char *k, *v;
    int i;

    if (strlen(r) <= 4 || r[3] != ' ')
    {
        queue(c, "BAD");
        return;
    }
    k = r + 4;
    v = strchr(k, ' ');
    if (v)
        *v++ = '\0';
    if (strlen(k) < 1 || strlen(k) > 32)
    {
        queue(c, "BAD");
        return;
    }
    for (i = 0; i < tablen; i++)
        if (strcmp(tab[i].key, k) == 0)
            break;
    if (memcmp(r, "PUT", 3) == 0 && v && i < 200)
    {
        strcpy(tab[i].key, k);
        strcpy(tab[i].val, v);
        if (i == tablen)
            tablen++;
        queue(c, "OK");
    }
    else if (memcmp(r, "GET", 3) == 0 && !v)
    {
        if (i == tablen)
            strcpy(tmp, "NO");
        else
            sprintf(tmp, "OK %s", tab[i].val);
        queue(c, tmp);
    }
    else if (memcmp(r, "DEL", 3) == 0 && !v)
    {
        if (i == tablen)
        {
            queue(c, "NO");
            return;
        }
        tab[i] = tab[--tablen];
        queue(c, "OK");
    }
    else
        queue(c, "BAD");
}

/* returns 1 if ok, 0 if client is gone */
int input(struct cl *c)
{
    uint32_t n;
    char req[MAXLEN];
    int k = recv(c->fd, c->inbuf + c->len, sizeof(c->inbuf) - c->len, 0);

    if (k == 0)
    {
        close(c->fd);
        return 0;
    }
    if (k < 0)
    {
        if (errno == EAGAIN || errno == EINTR)
            return 1;
        perror("recv");
        return 0;
    }
    if (c->bad)
        return 1;
    c->len += k;
    while (c->len >= 4)
    {
        memcpy(&n, c->inbuf, 4);
        n = ntohl(n);
        if (n < 1 || n >= MAXLEN)
        {
            queue(c, "BAD");
            c->bad = 1;
            c->len = 0;
            return 1;
        }
        if (c->len < (int)n + 4)
            return 1;
        memcpy(req, c->inbuf + 4, n);
        req[n] = '\0';
        doit(c, req);
        c->len -= n + 4;
        memmove(c->inbuf, c->inbuf + n + 4, c->len);
    }
    return 1;
}

int output(struct cl *c)
{
    int k = send(c->fd, c->outbuf, c->outlen, MSG_NOSIGNAL);

    if (k < 0)
    {
        if (errno == EAGAIN || errno == EINTR)
            return 1;
        perror("send");
        return 0;
    }
    c->outlen -= k;
    memmove(c->outbuf, c->outbuf + k, c->outlen);
    if (c->bad && c->outlen == 0)
        shutdown(c->fd, SHUT_WR);
    return 1;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in sa;
    fd_set r, w;
    int s, max, one = 1;

    if (argc != 2)
    {
        fprintf(stderr, "usage: server <port>\n");
        exit(1);
    }
    s = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    memset(&sa, 0, sizeof(sa));
    sa.sin_family = AF_INET;
    sa.sin_port = htons(atoi(argv[1]));
    if (bind(s, (struct sockaddr *)&sa, sizeof(sa)) == -1 || listen(s, 16) == -1)
    {
        perror("server");
        exit(1);
    }
    fcntl(s, F_SETFL, O_NONBLOCK);

    for (;;)
    {
        struct cl **p, *c;

        FD_ZERO(&r);
        FD_ZERO(&w);
        FD_SET(s, &r);
        max = s;
        for (c = list; c; c = c->next)
        {
            FD_SET(c->fd, &r);
            if (c->outlen > 0)
                FD_SET(c->fd, &w);
            if (c->fd > max)
                max = c->fd;
        }
        if (select(max + 1, &r, &w, NULL, NULL) == -1)
        {
            if (errno == EINTR)
                continue;
            perror("select");
            exit(1);
        }
        for (p = &list; (c = *p) != NULL;)
        {
            int ok = 1;
            if (FD_ISSET(c->fd, &r))
                ok = input(c);
            if (ok && FD_ISSET(c->fd, &w))
                ok = output(c);
            if (!ok)
            {
                *p = c->next;
                free(c);
            }
            else
                p = &c->next;
        }
        if (FD_ISSET(s, &r))
        {
            int fd = accept(s, NULL, NULL);
            if (fd == -1)
            {
                usleep(1000);
                continue;
            }
            fcntl(fd, F_SETFL, O_NONBLOCK);
            c = calloc(1, sizeof(*c));
            c->fd = fd;
            c->next = list;
            list = c;
        }
    }
}
