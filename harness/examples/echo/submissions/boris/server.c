// echo server: one child per client
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int sig) {
  int saved = errno;
  (void)sig;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
  errno = saved;
}

static void echo(int c) {
  char buf[1024];
  for (;;) {
    ssize_t n = read(c, buf, sizeof buf);
    if (n == -1 && errno == EINTR) continue;
    if (n <= 0) return;
    for (ssize_t done = 0; done < n;) {
      ssize_t m = write(c, buf + done, n - done);
      if (m == -1) {
        if (errno == EINTR) continue;
        return;
      }
      done += m;
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "need port\n");
    return 1;
  }

  // SIGCHLD interrupts accept(), that is why there is EINTR below
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_handler = reap;
  sigaction(SIGCHLD, &sa, NULL);
  signal(SIGPIPE, SIG_IGN);

  int l = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_port = htons(atoi(argv[1]));
  if (l == -1 || bind(l, (struct sockaddr *)&a, sizeof a) == -1 || listen(l, 5) == -1) {
    perror("cannot listen");
    return 1;
  }

  while (1) {
    int c = accept(l, NULL, NULL);
    if (c == -1) {
      if (errno != EINTR && errno != ECONNABORTED) {
        perror("accept");
        usleep(20000);  // perhaps a child ends meanwhile
      }
      continue;
    }
    switch (fork()) {
    case -1:
      perror("fork");
      close(c);
      break;
    case 0:
      close(l);
      echo(c);
      close(c);
      _exit(0);
    default:
      close(c);
    }
  }
}
