/* Fatima, echo client, first version that works */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(char *msg) { perror(msg); exit(EXIT_FAILURE); }

/* send everything, send() can be partial! (slide 14) */
static void send_everything(int s, char *p, int len)
{
  while (len > 0) {
    int k = send(s, p, len, MSG_NOSIGNAL);
    if (k < 0) fail("send");
    p += k;
    len -= k;
  }
}

int main(int argc, char *argv[])
{
  if (argc != 3) { fprintf(stderr, "%s host port\n", argv[0]); return 1; }

  struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *res;
  if (getaddrinfo(argv[1], argv[2], &hints, &res) != 0) { fprintf(stderr, "unknown host\n"); return 1; }
  int s = socket(res->ai_family, res->ai_socktype, 0);
  if (s < 0) fail("socket");
  if (connect(s, res->ai_addr, res->ai_addrlen) < 0) fail("connect");
  freeaddrinfo(res);

  char line[4096], reply[4096];
  while (fgets(line, sizeof line, stdin)) {
    send_everything(s, line, strlen(line));
    int n = recv(s, reply, sizeof reply - 1, 0);
    if (n < 0) fail("recv");
    if (n == 0) { fprintf(stderr, "server went away\n"); return EXIT_FAILURE; }
    reply[n] = '\0';
    printf("%s", reply);
  }

  if (shutdown(s, SHUT_WR) < 0) fail("shutdown");
  while (1) {
    int n = recv(s, reply, sizeof reply, 0);
    if (n < 0) fail("recv");
    if (n == 0) break;
  }
  close(s);
  return EXIT_SUCCESS;
}
