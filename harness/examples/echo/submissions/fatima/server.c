/* Fatima, echo server with a thread per client */
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_everything(int s, char *p, int len)
{
  while (len > 0) {
    int k = send(s, p, len, MSG_NOSIGNAL);
    if (k < 0) return -1;
    p += k;
    len -= k;
  }
  return 0;
}

static void *client_thread(void *arg)
{
  int s = (int)(intptr_t)arg;
  char buf[4096];
  int n;

  pthread_detach(pthread_self());
  while ((n = recv(s, buf, sizeof buf, 0)) > 0)
    if (send_everything(s, buf, n) < 0)
      break;
  if (n < 0) perror("recv");
  close(s);
  return NULL;
}

int main(int argc, char *argv[])
{
  if (argc != 2) { fprintf(stderr, "%s port\n", argv[0]); return 1; }

  int l = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in sin;
  memset(&sin, 0, sizeof sin);
  sin.sin_family = AF_INET;
  sin.sin_port = htons(atoi(argv[1]));
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(l, (struct sockaddr *)&sin, sizeof sin) < 0) { perror("bind"); return 1; }
  if (listen(l, SOMAXCONN) < 0) { perror("listen"); return 1; }

  while (1) {
    int s = accept(l, NULL, NULL);
    if (s < 0) { perror("accept"); usleep(5000); continue; }
    pthread_t t;
    if (pthread_create(&t, NULL, client_thread, (void *)(intptr_t)s) != 0) close(s);
  }
}
