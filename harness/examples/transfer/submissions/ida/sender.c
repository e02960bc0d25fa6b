/*
 * Ida: reliable UDP, it never gives up!
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HDR 7
#define MAXDATA 128

int sock;
struct sockaddr_in srv;

void error(const char *m) {
    perror(m);
    exit(1);
}

unsigned short cksum(unsigned char *buf, int len) {
    unsigned short sum = buf[0];
    int i;
    for (i = 3; i < len; i++)
        sum += buf[i];
    return sum;
}

void make_header(unsigned char *buf, char type, unsigned int seq, int len) {
    unsigned int nseq = htonl(seq);
    unsigned short nsum;
    buf[0] = type;
    memcpy(buf + 3, &nseq, 4);
    nsum = htons(cksum(buf, len));
    memcpy(buf + 1, &nsum, 2);
}

/* send the packet until the ack comes */
void reliable(unsigned char *buf, int len, unsigned int seq) {
    unsigned char ack[1500];
    unsigned int nseq;
    unsigned short nsum;
    struct sockaddr_in from;
    socklen_t fromlen;
    int n;

    while (1) {
        if (sendto(sock, buf, len, 0, (struct sockaddr *)&srv, sizeof(srv)) < 0)
            perror("sendto");
        fromlen = sizeof(from);
        n = recvfrom(sock, ack, sizeof(ack), 0, (struct sockaddr *)&from, &fromlen);
        while (n > 0) {
            memcpy(&nsum, ack + 1, 2);
            memcpy(&nseq, ack + 3, 4);
            if (from.sin_port == srv.sin_port && n == HDR && ack[0] == 'A' &&
                ntohs(nsum) == cksum(ack, n) && ntohl(nseq) == seq + 1)
                return;
            fromlen = sizeof(from);
            n = recvfrom(sock, ack, 1500, 0, (struct sockaddr *)&from, &fromlen);
        }
        /* timeout, again */
    }
}

int main(int argc, char *argv[]) {
    unsigned char buf[HDR + MAXDATA];
    unsigned int seq = 0;
    struct timeval tv;
    int n;

    if (argc != 3) {
        fprintf(stderr, "usage: %s host port\n", argv[0]);
        exit(1);
    }
    sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (sock < 0)
        error("socket");
    tv.tv_sec = 0;
    tv.tv_usec = 100000;
    if (setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0)
        error("setsockopt");
    memset(&srv, 0, sizeof(srv));
    srv.sin_family = AF_INET;
    srv.sin_addr.s_addr = inet_addr(argv[1]);
    srv.sin_port = htons(atoi(argv[2]));

    while ((n = read(0, buf + HDR, MAXDATA)) > 0) {
        make_header(buf, 'D', seq, HDR + n);
        reliable(buf, HDR + n, seq);
        seq++;
    }
    make_header(buf, 'E', seq, HDR);
    reliable(buf, HDR, seq);
    close(sock);
    return 0;
}
