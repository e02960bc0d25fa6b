// jonas
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define N 128

struct __attribute__((packed)) pkt {
  uint8_t type;
  uint16_t sum;
  uint32_t seq;
  uint8_t data[N];
};

uint16_t sum_of(struct pkt *p, int datalen) {
  uint8_t *b = (uint8_t *)&p->seq;
  uint16_t sum = p->type;
  for (int i = 0; i < 4 + datalen; i++) sum += b[i];
  return sum;
}

int main(int argc, char **argv) {
  struct sockaddr_in a;
  struct pkt p, ack;
  uint32_t seq = 0;
  int fd, n, tries;

  if (argc != 3) {
    printf("sender host port\n");
    return 1;
  }
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_port = htons(atoi(argv[2]));
  a.sin_addr.s_addr = inet_addr(argv[1]);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
    perror("connect");
    return 1;
  }

  do {
    n = fread(p.data, 1, N, stdin);
    p.type = n > 0 ? 'D' : 'E';
    p.seq = htonl(seq);
    p.sum = htons(sum_of(&p, n));

    for (tries = 0; tries < 10; tries++) {
      send(fd, &p, 7 + n, 0);
      struct pollfd pfd = {fd, POLLIN, 0};
      int acked = 0;
      while (!acked && poll(&pfd, 1, 100) > 0) {
        if (recv(fd, &ack, sizeof ack, MSG_DONTWAIT) == 7 && ack.type == 'A') {
          if (ntohl(ack.seq) > seq) acked = 1;  // maybe it is ahead of us
        }
      }
      if (acked) break;
    }
    if (tries == 10) {
      fprintf(stderr, "failed\n");
      return 1;
    }
    seq++;
  } while (n > 0);
  return 0;
}
