/*
 * Project 3: file transfer
 * Filip
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <unistd.h>
#include <poll.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define DATA_LEN   128
#define HEADER_LEN 7

uint16_t calc_sum(uint8_t *pkt, int len)
{
    uint16_t sum = pkt[0];
    for (int i = 3; i < len; i++)
        sum += pkt[i];
    return sum;
}

void fill_header(uint8_t *pkt, uint8_t type, uint32_t num, int len)
{
    uint32_t num_n = htonl(num);
    pkt[0] = type;
    memcpy(&pkt[3], &num_n, 4);
    uint16_t sum_n = htons(calc_sum(pkt, len));
    memcpy(&pkt[1], &sum_n, 2);
}

/* check if it is an ack with a good checksum */
int is_good_ack(uint8_t *pkt, int len)
{
    uint16_t sum;
    if (len != HEADER_LEN || pkt[0] != 'A')
        return 0;
    memcpy(&sum, &pkt[1], 2);
    return ntohs(sum) == calc_sum(pkt, len);
}

int send_reliable(int sock, uint8_t *pkt, int len)
{
    uint8_t ack[HEADER_LEN + DATA_LEN];
    int retries = 0;

    while (retries < 10) {
        if (send(sock, pkt, len, 0) < 0)
            perror("send");

        struct pollfd pfd = { sock, POLLIN, 0 };
        int r = poll(&pfd, 1, 100);
        if (r > 0) {
            int n = recv(sock, ack, sizeof(ack), 0);
            if (is_good_ack(ack, n))
                return 0;           /* acknowledged, next packet please */
        }
        retries++;
    }
    fprintf(stderr, "timeout\n");
    return -1;
}

int main(int argc, char *argv[])
{
    uint8_t pkt[HEADER_LEN + DATA_LEN];
    uint32_t num = 0;
    struct sockaddr_in addr;
    int sock, n;

    if (argc != 3) {
        fprintf(stderr, "Usage: %s <host> <port>\n", argv[0]);
        return 1;
    }

    sock = socket(AF_INET, SOCK_DGRAM, 0);
    memset(&addr, 0, sizeof(addr));
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = inet_addr(argv[1]);
    addr.sin_port = htons(atoi(argv[2]));
    if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        perror("connect");
        return 1;
    }

    while ((n = fread(pkt + HEADER_LEN, 1, DATA_LEN, stdin)) > 0) {
        fill_header(pkt, 'D', num, HEADER_LEN + n);
        if (send_reliable(sock, pkt, HEADER_LEN + n) < 0)
            return 1;
        num++;
    }
    fill_header(pkt, 'E', num, HEADER_LEN);
    if (send_reliable(sock, pkt, HEADER_LEN) < 0)
        return 1;
    close(sock);
    return 0;
}
