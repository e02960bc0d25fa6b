/*
 * server.c
 *
 *  Author: george
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
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
	struct sockaddr_in serv_addr, cli_addr;
	int yes = 1;

	if (argc < 2)
	{
		fprintf(stderr, "ERROR, no port provided\n");
		exit(1);
	}

	int sockfd = socket(AF_INET, SOCK_STREAM, 0);
	if (sockfd < 0)
		error_exit("ERROR opening socket");
	if (setsockopt(sockfd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
		error_exit("ERROR on setsockopt");

	memset(&serv_addr, 0, sizeof(serv_addr));
	serv_addr.sin_family = AF_INET;
	serv_addr.sin_addr.s_addr = INADDR_ANY;
	serv_addr.sin_port = htons(atoi(argv[1]));
	if (bind(sockfd, (struct sockaddr *) &serv_addr, sizeof(serv_addr)) < 0)
		error_exit("ERROR on binding");
	if (listen(sockfd, 5) < 0)
		error_exit("ERROR on listen");

	while (1)
	{
		socklen_t clilen = sizeof(cli_addr);
		int newsockfd = accept(sockfd, (struct sockaddr *) &cli_addr, &clilen);
		if (newsockfd < 0)
			error_exit("ERROR on accept");

		/* serve this client until it is done */
		while (1)
		{
			int n = recv(newsockfd, buffer, BUFFER_SIZE, 0);
			if (n < 0)
				error_exit("ERROR reading from socket");
			if (n == 0)
				break;
			int sent = 0;
			while (sent < n)
			{
				int m = send(newsockfd, buffer + sent, n - sent, MSG_NOSIGNAL);
				if (m < 0)
					error_exit("ERROR writing to socket");
				sent += m;
			}
		}
		close(newsockfd);
	}
	return 0;
}
