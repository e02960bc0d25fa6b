#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void child(int sock)
{
	char buf[2000];
	int n;

	while (1) {
		n = recv(sock, buf, sizeof(buf), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (send(sock, buf, n, MSG_NOSIGNAL) < 0)
			break;
	}
	close(sock);
	exit(0);
}

int main(int argc, char *argv[])
{
	int listen_sock, sock, one = 1;
	struct sockaddr_in addr;

	if (argc != 2) {
		printf("usage: ./server port\n");
		exit(1);
	}
	signal(SIGCHLD, SIG_IGN);

	listen_sock = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listen_sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bzero(&addr, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	addr.sin_addr.s_addr = INADDR_ANY;
	if (bind(listen_sock, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("bind");
		exit(1);
	}
	if (listen(listen_sock, 10) < 0) {
		perror("listen");
		exit(1);
	}

	while (1) {
		sock = accept(listen_sock, NULL, NULL);
		if (sock < 0) {
			perror("accept");
			usleep(1000);
			continue;
		}
		if (fork() == 0) {
			close(listen_sock);
			child(sock);
		}
		close(sock);
	}
}
