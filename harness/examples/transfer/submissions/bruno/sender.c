// Go-back-N, window of 4
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW = 4, BLOCK = 128, HEAD = 7, MAXBLOCKS = 100000 };

typedef unsigned char byte;

struct block {
  byte bytes[HEAD + BLOCK];
  size_t len;
};

struct block *blocks;
uint32_t nblocks;

unsigned sum(const byte *p, size_t len) {
  unsigned s = p[0];
  for (size_t i = 3; i < len; i++) s += p[i];
  return s & 0xffff;
}

void finish_block(struct block *b, char type, uint32_t no) {
  uint32_t net = htonl(no);
  b->bytes[0] = type;
  memcpy(b->bytes + 3, &net, 4);
  unsigned s = sum(b->bytes, b->len);
  b->bytes[1] = s >> 8;
  b->bytes[2] = s;
}

void read_all(FILE *f) {
  blocks = malloc(MAXBLOCKS * sizeof *blocks);
  for (;;) {
    struct block *b = &blocks[nblocks];
    size_t n = fread(b->bytes + HEAD, 1, BLOCK, f);
    b->len = HEAD + n;
    finish_block(b, n ? 'D' : 'E', nblocks++);
    if (n == 0) return;
    if (nblocks == MAXBLOCKS) {
      fprintf(stderr, "file too large\n");
      exit(1);
    }
  }
}

long ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

// the number of a good ack, or 0
uint32_t get_ack(int s) {
  byte b[64];
  uint32_t no;
  ssize_t n = recv(s, b, sizeof b, MSG_DONTWAIT);
  if (n != HEAD || b[0] != 'A' || sum(b, n) != (unsigned)(b[1] << 8 | b[2])) return 0;
  memcpy(&no, b + 3, 4);
  return ntohl(no);
}

int main(int argc, char **argv) {
  struct sockaddr_in a = {.sin_family = AF_INET};
  if (argc != 3 || inet_pton(AF_INET, argv[1], &a.sin_addr) != 1) {
    fprintf(stderr, "usage: sender address port\n");
    return 1;
  }
  a.sin_port = htons(atoi(argv[2]));
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  if (s == -1 || connect(s, (struct sockaddr *)&a, sizeof a) == -1) {
    perror("socket");
    return 1;
  }
  read_all(stdin);

  uint32_t base = 0, next = 0;
  int timeouts = 0;
  long deadline = 0;
  while (base < nblocks) {
    for (; next < nblocks && next < base + WINDOW; next++) {
      if (next == base) deadline = ms() + 100;
      send(s, blocks[next].bytes, blocks[next].len, 0);
    }
    struct pollfd p = {.fd = s, .events = POLLIN};
    long left = deadline - ms();
    if (left > 0 && poll(&p, 1, left) != 0) {
      uint32_t ack = get_ack(s);
      if (ack > base && ack <= next) {
        base = ack;
        timeouts = 0;
        deadline = ms() + 100;
      }
    }
    if (ms() >= deadline) {
      if (++timeouts == 10) {
        fprintf(stderr, "no answer\n");
        return 1;
      }
      next = base; // go back
    }
  }
  return 0;
}
