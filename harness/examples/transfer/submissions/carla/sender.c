/* Carla, exercise 3. alarm() interrupts recvfrom(), that is the timeout. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BLOCKSIZE 128

static volatile sig_atomic_t timeouts;

static void on_alarm(int sig)
{
	(void)sig;
	timeouts++;
}

static uint16_t sum(const uint8_t *p, int n)
{
	uint16_t s = p[0];
	for (int i = 3; i < n; i++)
		s += p[i];
	return s;
}

static int build(uint8_t *p, char type, uint32_t number, int datalen)
{
	p[0] = type;
	p[3] = number >> 24;
	p[4] = number >> 16;
	p[5] = number >> 8;
	p[6] = number;
	uint16_t s = sum(p, 7 + datalen);
	p[1] = s >> 8;
	p[2] = s;
	return 7 + datalen;
}

static int is_ack(const uint8_t *p, int n, uint32_t number)
{
	uint8_t good[7];
	return n == build(good, 'A', number, 0) && memcmp(p, good, 7) == 0;
}

static void transmit(int sock, const struct sockaddr_in *to, const uint8_t *p, int len, uint32_t number)
{
	uint8_t answer[200];
	struct sockaddr_in from;
	int seen = -1;

	/* every 100 ms, also again and again: a signal just before recvfrom() would be lost otherwise */
	struct itimerval t = { { 0, 100000 }, { 0, 100000 } }, off = { { 0, 0 }, { 0, 0 } };

	timeouts = 0;
	setitimer(ITIMER_REAL, &t, NULL);
	while (timeouts < 10) {
		if (seen != timeouts) {
			seen = timeouts;
			if (sendto(sock, p, len, 0, (const struct sockaddr *)to, sizeof(*to)) < 0 && errno != EINTR)
				perror("sendto");
		}
		socklen_t fromlen = sizeof(from);
		int n = recvfrom(sock, answer, sizeof(answer), 0, (struct sockaddr *)&from, &fromlen);
		if (n < 0 || from.sin_port != to->sin_port || from.sin_addr.s_addr != to->sin_addr.s_addr)
			continue;
		if (is_ack(answer, n, number + 1)) {
			setitimer(ITIMER_REAL, &off, NULL);
			return;
		}
	}
	fprintf(stderr, "giving up at block %u\n", number);
	exit(1);
}

int main(int argc, char **argv)
{
	uint8_t packet[7 + BLOCKSIZE];
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct sigaction sa = { .sa_handler = on_alarm }; /* no SA_RESTART! */
	uint32_t number = 0;
	size_t n;

	if (argc != 3) {
		fprintf(stderr, "usage: sender HOST PORT\n");
		return 1;
	}
	sigaction(SIGALRM, &sa, NULL);
	to.sin_port = htons(atoi(argv[2]));
	to.sin_addr.s_addr = inet_addr(argv[1]);
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	if (sock < 0) {
		perror("socket");
		return 1;
	}
	while ((n = fread(packet + 7, 1, BLOCKSIZE, stdin)) > 0) {
		transmit(sock, &to, packet, build(packet, 'D', number, n), number);
		number++;
	}
	transmit(sock, &to, packet, build(packet, 'E', number, 0), number);
	close(sock);
	return 0;
}
