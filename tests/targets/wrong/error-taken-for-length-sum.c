/* SPDX-License-Identifier: MIT
 *
 * error-taken-for-length-sum.c -- reads an answer of known length, adding up what recv() says, errors included: a -1
 * moves it one byte back, and what comes next overwrites a byte.
 *
 * finds: error-taken-for-length
 * rule: recv nth=2: reset
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char question[] = "how much is once -1?  how much is twice -1?\n";
	char data[sizeof(question)];
	size_t have = 0;
	int tries = 0;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, question, strlen(question)))
		die("send");
	while (have < strlen(question) && tries++ < 4) {
		size_t most = strlen(question) - have < 16 ? strlen(question) - have : 16;

		have += (size_t)recv(fd, data + have, most, 0); /* here: error-taken-for-length */
	}
	for (size_t i = 0; i < have && i < strlen(question); i++)
		putchar(data[i]);
	close(fd);
	return 0;
}
