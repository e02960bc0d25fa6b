/* SPDX-License-Identifier: MIT
 *
 * tls-client.c -- asks over TLS, by OpenSSL on a socket that does not block: the library says what it waits for, an end
 * without a goodbye is an error, and the goodbye is said on both sides.
 *
 * role: client
 * peer: openssl s_server -quiet -rev -nocert -tls1_2 -psk 0123456789abcdef -accept 127.0.0.1:{port} 2>/dev/null
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>

#include "../target.h"

static long deadline_ms;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	long left_ms;

	while ((left_ms = deadline_ms - now_ms()) > 0) {
		int n = poll(&p, 1, (int)left_ms);

		if (n > 0 || (n < 0 && errno != EINTR))
			return n > 0;
	}
	errno = ETIMEDOUT;
	return false;
}

/* After a call of the library that did not succeed: true when it is worth another try. */
static bool is_later(SSL *tls, int returned)
{
	switch (SSL_get_error(tls, returned)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(SSL_get_fd(tls), POLLIN);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(SSL_get_fd(tls), POLLOUT);
	default:
		return false;
	}
}

static int fail(const char *what)
{
	fprintf(stderr, "%s failed\n", what);
	return 1;
}

static unsigned
give_key(SSL *tls, const char *hint, char *identity, unsigned identity_max, unsigned char *key, unsigned key_max)
{
	static const unsigned char shared[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

	(void)tls, (void)hint;
	snprintf(identity, identity_max, "Client_identity");
	if (key_max < sizeof(shared))
		return 0;
	memcpy(key, shared, sizeof(shared));
	return sizeof(shared);
}

static int dial(const char *port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
	socklen_t size = sizeof(error);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if ((errno != EINPROGRESS && errno != EINTR) || !wait_for(fd, POLLOUT))
		die("connect");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		die("getsockopt");
	errno = error;
	if (error)
		die("connect");
	return fd;
}

/* A line, with its newline; false if it did not come whole. */
static bool read_line(SSL *tls, char *line, int size)
{
	int have = 0;

	while (have == 0 || line[have - 1] != '\n') {
		int n = have + 1 < size ? SSL_read(tls, line + have, size - 1 - have) : -1;

		if (n > 0)
			have += n;
		else if (have + 1 == size || !is_later(tls, n))
			return false;
	}
	line[have] = '\0';
	return true;
}

/* Says goodbye, and hears it. */
static bool leave(SSL *tls)
{
	int n;

	while ((n = SSL_shutdown(tls)) != 1)
		if (n == 0 ? !wait_for(SSL_get_fd(tls), POLLIN) : !is_later(tls, n))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	char line[256];
	int n;

	if (argc < 2)
		return 2;
	signal(SIGPIPE, SIG_IGN); /* the library writes with write() */
	deadline_ms = now_ms() + 4000;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls = NULL;

	if (!context || !SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(context, "PSK-AES128-GCM-SHA256"))
		return fail("OpenSSL");
	SSL_CTX_set_psk_client_callback(context, give_key);
	int fd = dial(argv[1]);

	tls = SSL_new(context);
	if (!tls || !SSL_set_fd(tls, fd))
		return fail("OpenSSL");
	while ((n = SSL_connect(tls)) != 1)
		if (!is_later(tls, n))
			return fail("the handshake");
	while ((n = SSL_write(tls, "hello\n", 6)) <= 0)
		if (!is_later(tls, n))
			return fail("the request");
	if (!read_line(tls, line, sizeof(line)))
		return fail("the answer");
	fputs(line, stdout);
	if (!leave(tls))
		fprintf(stderr, "the server did not say goodbye\n"); /* the answer is whole all the same */
	SSL_free(tls);
	SSL_CTX_free(context);
	close(fd);
	return 0;
}
