/*
 * Key-value store, assignment 2.
 * Bella K., section 3
 *
 * Each client gets its own thread which does blocking I/O. The store is a
 * linked list with one big lock.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FRAME 1024
#define MAX_KEY   32

struct item {
  struct item *next;
  char key[MAX_KEY + 1];
  char *value;
};

static struct item *items;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ------------------------------------------------------------------ store */

static struct item **find(const char *key)
{
  struct item **p = &items;
  while (*p && strcmp((*p)->key, key) != 0)
    p = &(*p)->next;
  return p;
}

static void put(const char *key, const char *value)
{
  pthread_mutex_lock(&lock);
  struct item **p = find(key);
  if (!*p) {
    *p = calloc(1, sizeof(struct item));
    strcpy((*p)->key, key);
  }
  free((*p)->value);
  (*p)->value = strdup(value);
  pthread_mutex_unlock(&lock);
}

static int get(const char *key, char *value)
{
  pthread_mutex_lock(&lock);
  struct item **p = find(key);
  int found = *p != NULL;
  if (found)
    strcpy(value, (*p)->value);
  pthread_mutex_unlock(&lock);
  return found;
}

static int del(const char *key)
{
  pthread_mutex_lock(&lock);
  struct item **p = find(key), *old = *p;
  if (old) {
    *p = old->next;
    free(old->value);
    free(old);
  }
  pthread_mutex_unlock(&lock);
  return old != NULL;
}

/* ---------------------------------------------------------------- network */

/* 1: all there, 0: end or error */
static int read_full(int fd, void *buf, size_t n)
{
  size_t done = 0;
  while (done < n) {
    ssize_t r = read(fd, (char *)buf + done, n - done);
    if (r < 0 && errno == EINTR)
      continue;
    if (r <= 0)
      return 0;
    done += r;
  }
  return 1;
}

static int send_frame(int fd, const char *text)
{
  char buf[4 + MAX_FRAME + 8];
  uint32_t len = strlen(text), net = htonl(len);
  size_t done = 0;

  memcpy(buf, &net, 4);
  memcpy(buf + 4, text, len);
  while (done < len + 4) {
    ssize_t r = send(fd, buf + done, len + 4 - done, MSG_NOSIGNAL);
    if (r < 0 && errno == EINTR)
      continue;
    if (r < 0)
      return 0;
    done += r;
  }
  return 1;
}

static void answer(char *req, char *reply)
{
  char *cmd = req, *key = NULL, *value = NULL;

  if (strlen(req) > 4 && req[3] == ' ') {
    req[3] = 0;
    key = req + 4;
    value = strchr(key, ' ');
    if (value)
      *value++ = 0;
  }
  strcpy(reply, "BAD");
  if (!key || !*key || strlen(key) > MAX_KEY)
    return;
  if (strcmp(cmd, "PUT") == 0 && value) {
    put(key, value);
    strcpy(reply, "OK");
  } else if (strcmp(cmd, "GET") == 0 && !value) {
    strcpy(reply, "OK ");
    if (!get(key, reply + 3))
      strcpy(reply, "NO");
  } else if (strcmp(cmd, "DEL") == 0 && !value) {
    strcpy(reply, del(key) ? "OK" : "NO");
  }
}

static void *client(void *arg)
{
  int fd = *(int *)arg;
  char req[MAX_FRAME + 1], reply[MAX_FRAME + 8];
  uint32_t len;

  free(arg);
  while (read_full(fd, &len, 4)) {
    len = ntohl(len);
    if (len == 0 || len > MAX_FRAME) {
      send_frame(fd, "BAD");
      shutdown(fd, SHUT_WR);
      while (read(fd, req, sizeof(req)) > 0)
        ; /* so that BAD is not lost */
      break;
    }
    if (!read_full(fd, req, len))
      break;
    req[len] = 0;
    answer(req, reply);
    if (!send_frame(fd, reply))
      break;
  }
  close(fd);
  return NULL;
}

int main(int argc, char **argv)
{
  if (argc != 2) {
    fprintf(stderr, "usage: %s PORT\n", argv[0]);
    return 1;
  }

  int s = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (bind(s, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(s, 50) < 0) {
    perror(argv[0]);
    return 1;
  }

  for (;;) {
    int *fd = malloc(sizeof(int));
    pthread_t t;

    *fd = accept(s, NULL, NULL);
    if (*fd < 0) {
      perror("accept");
      free(fd);
      usleep(1000);
      continue;
    }
    if (pthread_create(&t, NULL, client, fd) != 0) {
      close(*fd);
      free(fd);
      continue;
    }
    pthread_detach(t);
  }
}
