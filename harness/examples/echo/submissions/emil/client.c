#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	int sock, n;
	struct sockaddr_in addr;
	char line[4096];
	char c;

	if (argc != 3) {
		printf("usage: ./client host port\n");
		exit(1);
	}

	sock = socket(AF_INET, SOCK_STREAM, 0);
	if (sock < 0) {
		perror("socket");
		exit(1);
	}
	bzero(&addr, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[2]));
	addr.sin_addr.s_addr = inet_addr(argv[1]);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("connect");
		exit(1);
	}

	/* main loop */
	while (fgets(line, 4096, stdin) != NULL) {
		n = send(sock, line, strlen(line), MSG_NOSIGNAL);
		if (n < 0) {
			perror("send");
			exit(1);
		}
		/* get the answer, it ends with a newline */
		do {
			n = recv(sock, &c, 1, 0);
			if (n < 0 && errno == EINTR) {
				c = 0;
				continue;
			}
			if (n < 0) {
				perror("recv");
				exit(1);
			}
			if (n == 0) {
				fprintf(stderr, "connection closed\n");
				exit(1);
			}
			putchar(c);
		} while (c != '\n');
	}

	/* say that we are done and wait for the server */
	if (shutdown(sock, SHUT_WR) < 0) {
		perror("shutdown");
		exit(1);
	}
	n = recv(sock, &c, 1, 0);
	if (n < 0) {
		perror("recv");
		exit(1);
	}
	close(sock);
	return 0;
}
