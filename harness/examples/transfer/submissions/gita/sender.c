#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

// gita -- select() with timeout, resend until the receiver has it

struct header {
  uint8_t type;
  uint8_t sum[2];
  uint8_t number[4];
};

static unsigned add_up(const uint8_t *p, int n) {
  unsigned sum = p[0];
  while (--n >= 3) sum += p[n];
  return sum & 0xFFFF;
}

static void put_number(uint8_t *p, uint32_t v) {
  for (int i = 3; i >= 0; i--, v >>= 8) p[i] = v & 0xff;
}

static uint32_t get_number(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static int send_it(int fd, struct sockaddr_in *to, uint8_t *pkt, int len) {
  struct header *h = (struct header *)pkt;
  unsigned s = add_up(pkt, len);
  h->sum[0] = s >> 8;
  h->sum[1] = s & 0xff;

  for (int tries = 0; tries < 10; tries++) {
    sendto(fd, pkt, len, 0, (struct sockaddr *)to, sizeof *to);

    struct timeval tv = {0, 100 * 1000};
    while (1) {
      fd_set set;
      FD_ZERO(&set);
      FD_SET(fd, &set);
      // Linux counts tv down, so this is 100 ms for all answers together
      int r = select(fd + 1, &set, NULL, NULL, &tv);
      if (r < 0 && errno == EINTR) continue;
      if (r <= 0) break;

      uint8_t in[256];
      int n = recvfrom(fd, in, sizeof in, MSG_DONTWAIT, NULL, NULL);
      if (n != sizeof(struct header)) continue;
      struct header *a = (struct header *)in;
      unsigned got = a->sum[0] << 8 | a->sum[1];
      if (a->type == 'A' && got == add_up(in, n) && get_number(a->number) == get_number(h->number) + 1)
        return 1;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return 1;
  struct sockaddr_in to = {0};
  to.sin_family = AF_INET;
  to.sin_port = htons(atoi(argv[2]));
  inet_aton(argv[1], &to.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);

  uint8_t pkt[sizeof(struct header) + 128];
  struct header *h = (struct header *)pkt;
  for (uint32_t no = 0;; no++) {
    int n = fread(pkt + sizeof *h, 1, 128, stdin);
    h->type = n > 0 ? 'D' : 'E';
    put_number(h->number, no);
    if (!send_it(fd, &to, pkt, sizeof *h + n)) {
      fprintf(stderr, "not sent: block %u\n", no);
      return 1;
    }
    if (n == 0) return 0;
  }
}
