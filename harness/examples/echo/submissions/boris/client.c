// echo client with stdio on the socket: no loops around read and write, libc has them
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "need host and port\n");
    return 1;
  }

  struct addrinfo hints, *ai;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  int err = getaddrinfo(argv[1], argv[2], &hints, &ai);
  if (err != 0) {
    fprintf(stderr, "%s\n", gai_strerror(err));
    return 1;
  }

  int s = -1;
  for (struct addrinfo *a = ai; a != NULL; a = a->ai_next) {
    s = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (s == -1) continue;
    if (connect(s, a->ai_addr, a->ai_addrlen) == 0) break;
    perror("connect");
    close(s);
    s = -1;
  }
  freeaddrinfo(ai);
  if (s == -1) return 1;

  signal(SIGPIPE, SIG_IGN); // fflush tells us instead

  FILE *in = fdopen(s, "r");
  FILE *out = fdopen(dup(s), "w");
  if (in == NULL || out == NULL) {
    perror("fdopen");
    return 1;
  }

  char line[5000];
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (fputs(line, out) == EOF || fflush(out) == EOF) {
      perror("write");
      return 1;
    }
    if (fgets(line, sizeof line, in) == NULL || strchr(line, '\n') == NULL) {
      fprintf(stderr, "the answer is missing\n");
      return 1;
    }
    printf("%s", line);
  }

  fclose(out);
  if (shutdown(s, SHUT_WR) == -1) {
    perror("shutdown");
    return 1;
  }
  if (fgetc(in) != EOF || ferror(in)) {
    fprintf(stderr, "no proper end\n");
    return 1;
  }
  fclose(in);
  return 0;
}
