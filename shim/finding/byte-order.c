/* SPDX-License-Identifier: MIT
 *
 * byte-order.c -- a port that was connected to, sent to or bound is that of the command line with its two bytes
 * exchanged, and the port of the command line itself was never used.
 *
 * Could be wrong: by chance, once in 65,536 ports for each number on the command line. So only numbers that stand alone
 * or behind a colon, of 1024 and more, are taken for ports; with the right port in use anywhere nothing is said.
 */
#include <stdlib.h>
#include <string.h>

#include "core/finding.h"

#define USES 32

struct uses {
	unsigned count;
	struct use {
		struct sf_moment at;
		uint16_t port;
	} list[USES];
};

static uint16_t port_used(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	if (now->operation == SF_BIND)
		return (uint16_t)now->event.asked;
	if (!scene->socket || (scene->socket->family != SF_INET && scene->socket->family != SF_INET6))
		return 0;
	if (now->operation == SF_CONNECT)
		return scene->socket->peer.port;
	return scene->socket->type == SF_DGRAM && scene->address ? scene->address->port : 0;
}

static void see(struct sf_scene *scene)
{
	struct uses *uses = scene->of_run;
	uint16_t port = port_used(scene);

	if (!port || uses->count == USES)
		return;
	for (unsigned i = 0; i < uses->count; i++)
		if (uses->list[i].port == port)
			return;
	uses->list[uses->count++] = (struct use){*scene->now, port};
}

static const struct use *use_of(const struct uses *uses, uint16_t port)
{
	for (unsigned i = 0; i < uses->count; i++)
		if (uses->list[i].port == port)
			return &uses->list[i];
	return NULL;
}

/* A word, or what stands behind its last colon, if it is a number that may be a port; else 0. */
static uint16_t port_in(const char *word)
{
	const char *colon = strrchr(word, ':');
	char *end;
	unsigned long number = strtoul(colon ? colon + 1 : word, &end, 10);

	return *end || number < 1024 || number > UINT16_MAX ? 0 : (uint16_t)number;
}

static void compare(struct sf_scene *scene, uint16_t port)
{
	const struct uses *uses = scene->of_run;
	uint16_t swapped = (uint16_t)(port << 8 | port >> 8);
	const struct use *use = swapped == port ? NULL : use_of(uses, swapped);

	if (use && !use_of(uses, port))
		sf_say(
		    scene, &use->at, NULL, NULL,
		    "%s used port %u; the command line has %u, which is 0x%04x: its bytes are "
		    "exchanged",
		    sf_moment_function(&use->at), swapped, port, port);
}

static void finish(struct sf_scene *scene)
{
	const struct sf_run_story *run = scene->run;
	const char *end = run->command ? run->command + run->command_length : NULL;
	bool is_target = false;

	for (const char *word = run->command; word < end && memchr(word, '\0', (size_t)(end - word));
	     word += strlen(word) + 1) {
		uint16_t port = is_target ? port_in(word) : 0;

		if (port)
			compare(scene, port);
		is_target |= strcmp(word, "--") == 0;
	}
}

static const char explain[] =
    "Ports and addresses in a struct sockaddr_in have the byte order of the network, in which the large end comes "
    "first. "
    "Most machines have it the other way round, so that a port which was not given to htons() is another one: 8080 "
    "becomes 36895. Two programs with the same mistake understand each other, and nobody else.\n\n"
    "It is said where a port that was bound, connected to or sent to is one of the command line's with its bytes "
    "exchanged, and the program never used the one that the command line has.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <stdlib.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "\tstruct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\n"
    "\tto.sin_port = (in_port_t)atoi(argc > 1 ? argv[1] : \"4660\");\n"
    "\treturn sendto(fd, \"hello\", 5, 0, (struct sockaddr *)&to, sizeof to) != 5;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <stdlib.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "\tstruct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\n"
    "\tto.sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : \"4660\"));\n"
    "\treturn sendto(fd, \"hello\", 5, 0, (struct sockaddr *)&to, sizeof to) != 5;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_byte_order = {
    .severity = SF_ADVICE,
    .help = "the port that is used is that of the command line with its bytes exchanged",
    .hint = "Give ports to htons() before they go into a struct sockaddr, and take them out with ntohs().",
    .source = "ip(7), Address format; byteorder(3)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .arguments = "4660",
    .sees = SF_BIT(SF_BIND) | SF_BIT(SF_CONNECT) | SF_BIT(SF_SEND),
    .per_run = sizeof(struct uses),
    .see = see,
    .finish = finish,
};
