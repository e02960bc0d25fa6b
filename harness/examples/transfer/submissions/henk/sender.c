#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/time.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <unistd.h>

/* a connected UDP socket only gets packets from the other side */
int udp_connect(char *ip, int port)
{
    struct timeval timeout = { .tv_usec = 100000 };
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd == -1 || inet_pton(AF_INET, ip, &sin.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *) &sin, sizeof sin) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == -1) {
        perror("udp_connect");
        exit(1);
    }
    return fd;
}

uint16_t summe(unsigned char *p, size_t len)
{
    uint16_t s = *p;
    for (p += 3, len -= 3; len; len--)
        s += *p++;
    return s;
}

int main(int argc, char **argv)
{
    unsigned char buf[7 + 128], ack[7 + 128];
    uint32_t seq = 0, net;
    uint16_t sum;
    size_t len;

    if (argc != 3) {
        fputs("sender <ip> <port>\n", stderr);
        return 1;
    }
    int fd = udp_connect(argv[1], atoi(argv[2]));

    do {
        len = fread(buf + 7, 1, 128, stdin);
        buf[0] = len ? 'D' : 'E';
        net = htonl(seq);
        memcpy(buf + 3, &net, 4);
        sum = htons(summe(buf, 7 + len));
        memcpy(buf + 1, &sum, 2);

        int tries = 0;
    again:
        if (tries++ == 10) {
            fprintf(stderr, "10 tries, no ack\n");
            return 1;
        }
        if (send(fd, buf, 7 + len, 0) == -1) {
            perror("send");
            return 1;
        }
    more:
        ;
        ssize_t n = recv(fd, ack, sizeof ack, 0);
        if (n == -1 && errno == EAGAIN)
            goto again;
        if (n == -1) {
            perror("recv");
            return 1;
        }
        memcpy(&net, ack + 3, 4);
        memcpy(&sum, ack + 1, 2);
        if (n != 7 || ack[0] != 'A' || ntohl(net) != seq + 1 || ntohs(sum) != summe(ack, 7))
            goto more;
        seq++;
    } while (len);

    close(fd);
    return 0;
}
