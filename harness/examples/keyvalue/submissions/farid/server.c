#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- hash table (from the lab) ----

#define BUCKETS 64

typedef struct node {
  char *key, *value;
  struct node *next;
} node_t;

node_t *table[BUCKETS];

unsigned hash(const char *s) {
  unsigned h = 5381;
  while (*s) h = h * 33 + (unsigned char)*s++;
  return h % BUCKETS;
}

node_t *ht_get(const char *key) {
  for (node_t *n = table[hash(key)]; n; n = n->next)
    if (!strcmp(n->key, key)) return n;
  return NULL;
}

void ht_put(const char *key, const char *value) {
  node_t *n = ht_get(key);
  if (!n) {
    n = calloc(1, sizeof *n);
    n->key = strdup(key);
    n->next = table[hash(key)];
    table[hash(key)] = n;
  }
  free(n->value);
  n->value = strdup(value);
}

int ht_del(const char *key) {
  for (node_t **p = &table[hash(key)]; *p; p = &(*p)->next) {
    if (!strcmp((*p)->key, key)) {
      node_t *n = *p;
      *p = n->next;
      free(n->key);
      free(n->value);
      free(n);
      return 1;
    }
  }
  return 0;
}

// ---- server ----

int reply(int fd, const char *text) {
  char out[1100];
  size_t len = strlen(text), done = 0;
  uint32_t n = htonl(len);
  memcpy(out, &n, 4);
  memcpy(out + 4, text, len);
  while (done < len + 4) {
    ssize_t k = send(fd, out + done, len + 4 - done, MSG_NOSIGNAL);
    if (k < 0 && errno == EAGAIN) {
      // wait until there is room, but not forever
      struct pollfd p = {fd, POLLOUT, 0};
      if (poll(&p, 1, 1000) == 1) continue;
    }
    if (k < 0) return -1;
    done += k;
  }
  return 0;
}

int execute(int fd, char *cmd) {
  char text[1100];
  if (strlen(cmd) < 5 || cmd[3] != ' ') return reply(fd, "BAD");
  char *key = cmd + 4, *value = strchr(key, ' ');
  if (value) *value++ = '\0';
  if (!*key || strlen(key) > 32) return reply(fd, "BAD");
  if (!strncmp(cmd, "PUT", 3) && value) {
    ht_put(key, value);
    return reply(fd, "OK");
  }
  if (!strncmp(cmd, "GET", 3) && !value) {
    node_t *n = ht_get(key);
    if (!n) return reply(fd, "NO");
    snprintf(text, sizeof text, "OK %s", n->value);
    return reply(fd, text);
  }
  if (!strncmp(cmd, "DEL", 3) && !value) return reply(fd, ht_del(key) ? "OK" : "NO");
  return reply(fd, "BAD");
}

// returns -1 if the client is finished
int client(int fd) {
  char buf[8192] = {0}, text[1025];
  ssize_t got = recv(fd, buf, sizeof buf, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (got == 0) return -1;
  // there can be several requests in the buffer
  for (ssize_t at = 0; at < got;) {
    uint32_t len;
    memcpy(&len, buf + at, 4);
    len = ntohl(len);
    if (len == 0 || len > 1024) {
      reply(fd, "BAD");
      return -1;
    }
    memcpy(text, buf + at + 4, len);
    text[len] = '\0';
    if (execute(fd, text) < 0) return -1;
    at += 4 + len;
  }
  return 0;
}

int main(int argc, char **argv) {
  struct pollfd fds[65];
  int n = 1, one = 1;
  struct sockaddr_in a = {.sin_family = AF_INET};

  if (argc < 2) return 1;
  a.sin_port = htons(atoi(argv[1]));
  int s = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(s, (struct sockaddr *)&a, sizeof a) || listen(s, 64)) {
    perror("listen");
    return 1;
  }
  fcntl(s, F_SETFL, O_NONBLOCK);
  fds[0] = (struct pollfd){s, POLLIN, 0};

  for (;;) {
    if (poll(fds, n, -1) < 0 && errno != EINTR) {
      perror("poll");
      return 1;
    }
    for (int i = n - 1; i > 0; i--) {
      if (!fds[i].revents) continue;
      fds[i].revents = 0;
      if (client(fds[i].fd) < 0) {
        close(fds[i].fd);
        fds[i] = fds[--n];
      }
    }
    if (fds[0].revents) {
      fds[0].revents = 0;
      int c = accept(s, NULL, NULL);
      if (c < 0) {
        if (errno != EAGAIN) usleep(1000);
        continue;
      }
      fcntl(c, F_SETFL, O_NONBLOCK);
      if (n < 65)
        fds[n++] = (struct pollfd){c, POLLIN, 0};
      else
        close(c);
    }
  }
}
