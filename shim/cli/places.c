/* SPDX-License-Identifier: MIT
 *
 * places.c -- {port} and {tmp}: a port that nobody else uses, and a private folder that goes with the run. And who
 * listens: read from /proc/net, since a connection made to find out would be the server's first.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/run.h"

/* Below the range from which kernels take the ports of outgoing connections, so that none of those can take it. */
#define PORT_FIRST 20000
#define PORT_COUNT 12000
#define PORT_TRIES 200

static char *port_lock;
static int port_lock_fd = -1;

/* Runs of this user at the same time keep out of each other's way by a locked file of the port's number. */
static bool lock_port(unsigned port)
{
	port_lock = sf_print("%s/port-%u", sf_path_runs(), port);
	port_lock_fd = open(port_lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return port_lock_fd >= 0 && flock(port_lock_fd, LOCK_EX | LOCK_NB) == 0;
}

static void unlock_port(bool is_ours)
{
	if (is_ours)
		unlink(port_lock);
	if (port_lock_fd >= 0)
		close(port_lock_fd);
	port_lock_fd = -1;
	free(port_lock);
	port_lock = NULL;
}

static bool can_bind(unsigned port, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static unsigned choose_port(void)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		unsigned short random;

		if (getrandom(&random, sizeof random, 0) != sizeof random)
			sf_die("can't choose a port: %s", strerror(errno));
		unsigned port = PORT_FIRST + random % PORT_COUNT;
		bool is_ours = lock_port(port);

		if (is_ours && can_bind(port, SOCK_STREAM) && can_bind(port, SOCK_DGRAM))
			return port;
		unlock_port(is_ours);
	}
	sf_die("found no free port between %d and %d", PORT_FIRST, PORT_FIRST + PORT_COUNT - 1);
}

static char *make_folder(void)
{
	const char *parent = getenv("TMPDIR");
	char *path = sf_print("%s/sockfault-XXXXXX", parent && parent[0] == '/' ? parent : "/tmp");

	if (!mkdtemp(path))
		sf_die("can't make a folder for {tmp} as %s: %s", path, strerror(errno));
	return path;
}

/* The text with each `place` replaced; NULL if it does not occur. */
static char *replace(const char *text, const char *place, const char *value)
{
	char *made = NULL;

	for (const char *at; (at = strstr(text, place)); text = at + strlen(place)) {
		char *longer = sf_print("%s%.*s%s", made ? made : "", (int)(at - text), text, value);

		free(made);
		made = longer;
	}
	if (!made)
		return NULL;
	char *whole = sf_print("%s%s", made, text);

	free(made);
	return whole;
}

char *sf_run_fill(struct sf_run *run, const char *text)
{
	char *filled = sf_print("%s", text), *next;
	char digits[16];

	if (strstr(text, "{port}") && !run->port)
		run->port = choose_port();
	if (strstr(text, "{tmp}") && !run->folder)
		run->folder = make_folder();
	snprintf(digits, sizeof digits, "%u", run->port);
	if ((next = replace(filled, "{port}", digits))) {
		free(filled);
		filled = next;
	}
	if (run->folder && (next = replace(filled, "{tmp}", run->folder))) {
		free(filled);
		filled = next;
	}
	return filled;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path), 0;
}

void sf_run_clear_places(struct sf_run *run)
{
	if (run->folder && nftw(run->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		sf_warn("can't remove %s: %s", run->folder, strerror(errno));
	run->folder = NULL;
	if (port_lock)
		unlock_port(true);
}

/* ---- who listens ---- */

#define LISTENING 0x0a /* TCP_LISTEN in /proc/net/tcp */
#define BOUND 0x07     /* what /proc/net/udp says of a socket without a peer */

static bool table_has(const char *table, unsigned port, unsigned state)
{
	FILE *file = fopen(table, "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof line, file)) {
		unsigned local, its_state;

		found = sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &local, &its_state) == 2 && local == port &&
		        its_state == state;
	}
	if (file)
		fclose(file);
	return found;
}

bool sf_port_is_served(unsigned port)
{
	return table_has("/proc/net/tcp", port, LISTENING) || table_has("/proc/net/tcp6", port, LISTENING) ||
	       table_has("/proc/net/udp", port, BOUND) || table_has("/proc/net/udp6", port, BOUND);
}

bool sf_folder_is_served(const char *folder)
{
	FILE *file = fopen("/proc/net/unix", "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof line, file)) {
		char *path = strchr(line, '/');
		unsigned flags;

		found = sscanf(line, "%*[^:]: %*x %*x %x", &flags) == 1 && (flags & 0x10000) && path &&
		        strncmp(path, folder, strlen(folder)) == 0;
	}
	if (file)
		fclose(file);
	return found;
}
