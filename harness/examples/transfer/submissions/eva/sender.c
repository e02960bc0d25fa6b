/* sender.c, Eva */
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static int s;

static uint16_t checksum(unsigned char *p, int len)
{
    int i, sum = 0;
    for (i = 0; i < len; i++)
        if (i != 1 && i != 2)
            sum += p[i];
    return sum % 65536;
}

static void send_block(char type, uint32_t nr, unsigned char *data, int len)
{
    unsigned char p[135], ack[135];
    uint32_t net = htonl(nr);
    uint16_t sum;
    int n;

    p[0] = type;
    memcpy(p + 3, &net, 4);
    memcpy(p + 7, data, len);
    sum = htons(checksum(p, 7 + len));
    memcpy(p + 1, &sum, 2);
    if (send(s, p, 7 + len, 0) < 0)
        perror("send");

    /* wait for its ack */
    while (1) {
        n = recv(s, ack, sizeof(ack), 0);
        if (n != 7 || ack[0] != 'A')
            continue;
        memcpy(&sum, ack + 1, 2);
        memcpy(&net, ack + 3, 4);
        if (ntohs(sum) == checksum(ack, 7) && ntohl(net) == nr + 1)
            return;
    }
}

int main(int argc, char **argv)
{
    unsigned char data[128];
    struct addrinfo hints, *ai;
    uint32_t nr = 0;
    int n;

    if (argc != 3) {
        fprintf(stderr, "usage: sender host port\n");
        return 1;
    }
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_DGRAM;
    if (getaddrinfo(argv[1], argv[2], &hints, &ai)) {
        fprintf(stderr, "who is %s?\n", argv[1]);
        return 1;
    }
    s = socket(ai->ai_family, ai->ai_socktype, 0);
    if (s < 0 || connect(s, ai->ai_addr, ai->ai_addrlen) < 0) {
        perror("sender");
        return 1;
    }
    while ((n = fread(data, 1, 128, stdin)) > 0)
        send_block('D', nr++, data, n);
    send_block('E', nr, data, 0);
    return 0;
}
