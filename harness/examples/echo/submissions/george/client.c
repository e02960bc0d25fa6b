/*
 * client.c
 *
 *  Author: george
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/types.h>
#include <sys/socket.h>

#define BUFFER_SIZE 4096

void error_exit(const char *message)
{
	perror(message);
	exit(1);
}

int main(int argc, char **argv)
{
	char buffer[BUFFER_SIZE];
	struct sockaddr_in serv_addr;

	if (argc < 3)
	{
		fprintf(stderr, "usage %s hostname port\n", argv[0]);
		exit(1);
	}

	int sockfd = socket(AF_INET, SOCK_STREAM, 0);
	if (sockfd < 0)
		error_exit("ERROR opening socket");

	memset(&serv_addr, 0, sizeof(serv_addr));
	serv_addr.sin_family = AF_INET;
	serv_addr.sin_addr.s_addr = inet_addr(argv[1]);
	serv_addr.sin_port = htons(atoi(argv[2]));

	if (connect(sockfd, (struct sockaddr *) &serv_addr, sizeof(serv_addr)) < 0)
		error_exit("ERROR connecting");

	while (fgets(buffer, BUFFER_SIZE, stdin) != NULL)
	{
		int len = strlen(buffer);
		int sent = 0;
		while (sent < len)
		{
			int n = send(sockfd, buffer + sent, len - sent, MSG_NOSIGNAL);
			if (n < 0)
				error_exit("ERROR writing to socket");
			sent += n;
		}

		int received = 0;
		while (received < len)
		{
			int n = recv(sockfd, buffer + received, len - received, 0);
			if (n < 0)
				error_exit("ERROR reading from socket");
			if (n == 0)
			{
				fprintf(stderr, "ERROR server closed the connection\n");
				exit(1);
			}
			received += n;
		}
		fwrite(buffer, 1, len, stdout);
	}

	if (shutdown(sockfd, SHUT_WR) < 0)
		error_exit("ERROR shutdown");
	int n = recv(sockfd, buffer, BUFFER_SIZE, 0);
	if (n < 0)
		error_exit("ERROR reading from socket");
	close(sockfd);
	return 0;
}
