/* reliable sender, stop and wait
 * Aisha R. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BLOCK 128
#define MAX_TRIES 10
#define TIMEOUT_US 100000

#pragma pack(push, 1)
struct packet {
    char type;
    uint16_t sum;
    uint32_t number;
    char data[BLOCK];
};
#pragma pack(pop)

#define HEADER (sizeof(struct packet) - BLOCK)

static uint16_t checksum(const struct packet *p, size_t len)
{
    const unsigned char *b = (const unsigned char *)p;
    unsigned sum = b[0];
    for (size_t i = 3; i < len; i++)
        sum += b[i];
    return sum & 0xffff;
}

int sock;
struct sockaddr_in receiver;

/* 1: the right ack came, 0: nothing (useful) came in time */
static int wait_for_ack(uint32_t number)
{
    struct timeval start, now;

    gettimeofday(&start, NULL);
    for (;;) {
        struct packet p;
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        ssize_t n = recvfrom(sock, &p, sizeof(p), 0, (struct sockaddr *)&from, &len);
        if (n == HEADER && from.sin_addr.s_addr == receiver.sin_addr.s_addr && from.sin_port == receiver.sin_port
            && p.type == 'A' && ntohs(p.sum) == checksum(&p, n) && ntohl(p.number) == number)
            return 1;
        if (n < 0 && errno == EAGAIN)
            return 0;
        /* something else: look at the clock, so that a chatty stranger can't keep us here */
        gettimeofday(&now, NULL);
        if ((now.tv_sec - start.tv_sec) * 1000000L + now.tv_usec - start.tv_usec > TIMEOUT_US)
            return 0;
    }
}

static void send_packet(struct packet *p, char type, uint32_t number, size_t data)
{
    p->type = type;
    p->number = htonl(number);
    p->sum = htons(checksum(p, HEADER + data));
    for (int i = 0; i < MAX_TRIES; i++) {
        if (sendto(sock, p, HEADER + data, 0, (struct sockaddr *)&receiver, sizeof(receiver)) < 0)
            perror("sendto"); /* same as lost */
        if (wait_for_ack(number + 1))
            return;
    }
    fprintf(stderr, "receiver does not answer, giving up\n");
    exit(1);
}

int main(int argc, char **argv)
{
    struct packet p;
    uint32_t number = 0;
    size_t n;

    if (argc != 3) {
        fprintf(stderr, "usage: %s host port < file\n", argv[0]);
        return 1;
    }
    sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (sock < 0) {
        perror("socket");
        return 1;
    }
    struct timeval tv = { 0, TIMEOUT_US };
    if (setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0) {
        perror("setsockopt");
        return 1;
    }
    receiver.sin_family = AF_INET;
    receiver.sin_port = htons(atoi(argv[2]));
    receiver.sin_addr.s_addr = inet_addr(argv[1]);

    while ((n = fread(p.data, 1, BLOCK, stdin)) > 0)
        send_packet(&p, 'D', number++, n);
    send_packet(&p, 'E', number, 0);
    close(sock);
    return 0;
}
