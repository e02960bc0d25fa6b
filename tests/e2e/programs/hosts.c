/* SPDX-License-Identifier: MIT
 *
 * hosts.c -- asks for its first word by each of libc's ways, and for the name of 192.0.2.7; tells all that the program
 * can see of the answers: results, h_errno, errno, what was left alone. With a second word it has no descriptor left.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct in_addr address;
static struct hostent room, *found;
static char text[4096];
static int their_error, result;

static void before(void)
{
	errno = 12345;
	h_errno = 77;
	their_error = 88;
	found = &room;
}

static void tell_found(const char *what, const struct hostent *host)
{
	int error = errno;

	printf("%s: %s h_errno %d errno %d\n", what, host ? "found" : "none", h_errno, error);
}

static void tell_result(const char *what)
{
	int error = errno;

	printf(
	    "%s: %d %s %d h_errno %d errno %d\n", what, result,
	    found == &room ? "untouched"
	    : found        ? "found"
	                   : "none",
	    their_error, h_errno, error);
}

#define FOUND(call) (before(), tell_found(#call, call))
#define RESULT(call) (before(), result = (call), tell_result(#call))

static void by_getaddrinfo(const char *name, int family, const char *what)
{
	struct addrinfo hints = {.ai_family = family}, *list = (struct addrinfo *)&hints;

	before();
	result = getaddrinfo(name, "80", &hints, &list);
	printf(
	    "getaddrinfo %s: %d errno %d h_errno %d %s\n", what, result, errno, h_errno,
	    list == (struct addrinfo *)&hints ? "untouched" : "written");
}

static void by_getnameinfo(int flags, const char *what)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = address};
	char host[64] = "untouched", service[16] = "untouched";

	before();
	result = getnameinfo((struct sockaddr *)&to, sizeof(to), host, sizeof(host), service, sizeof(service), flags);
	printf("getnameinfo %s: %d errno %d %s\n", what, result, errno, host);
}

static void by_getaddrinfo_a(const char *name)
{
	struct addrinfo hints = {.ai_family = AF_INET};
	struct gaicb one = {.ar_name = name, .ar_request = &hints}, two = {.ar_name = "127.0.0.1", .ar_request = &hints};
	struct gaicb *list[2] = {&one, &two};

	result = getaddrinfo_a(GAI_WAIT, list, 2, NULL);
	printf("getaddrinfo_a: %d, %d and %d\n", result, gai_error(&one), gai_error(&two));
}

int main(int argc, char **argv)
{
	struct rlimit none_left = {3, 3};
	const char *name = argv[1];

	inet_aton("192.0.2.7", &address);
	if (argc > 2)
		setrlimit(RLIMIT_NOFILE, &none_left);
	FOUND(gethostbyname(name));
	FOUND(gethostbyname2(name, AF_INET6));
	FOUND(gethostbyaddr(&address, sizeof(address), AF_INET));
	RESULT(gethostbyname_r(name, &room, text, sizeof(text), &found, &their_error));
	RESULT(gethostbyname2_r(name, AF_INET6, &room, text, sizeof(text), &found, &their_error));
	RESULT(gethostbyaddr_r(&address, sizeof(address), AF_INET, &room, text, sizeof(text), &found, &their_error));
	by_getnameinfo(0, "if it has one");
	by_getnameinfo(NI_NAMEREQD, "by all means");
	by_getaddrinfo(name, AF_INET, "of one family");
	by_getaddrinfo(name, AF_UNSPEC, "of any family");
	if (argc == 2)
		by_getaddrinfo_a(name);
	return 0;
}
