/* SPDX-License-Identifier: MIT
 *
 * records.c -- what reader.h says of single events and records: a process that lives, the result of a call, a place, an
 * address. Reads them through the reader alone, which has checked that the file has them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/reader.h"
#include "core/append.h"

/* ---- processes ---- */

/* The state and the start time in /proc/PID/stat stand behind the name, which may hold anything but ends at the last
 * ')'. */
static bool stat_lives(const char *text, uint64_t start_time)
{
	const char *at = strrchr(text, ')');
	char state = 'X';
	unsigned long long started = 0;

	if (!at || sscanf(
	               at + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &state,
	               &started) < 1)
		return false;
	return state != 'Z' && state != 'X' && (!start_time || !started || started == start_time);
}

bool sf_process_lives(const struct sf_process *process)
{
	char path[64], text[1024];

	if (!process->pid || process->pid > INT32_MAX)
		return false;
	snprintf(path, sizeof path, "/proc/%u/stat", process->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno != ENOENT && (kill((pid_t)process->pid, 0) == 0 || errno == EPERM);
	ssize_t length = read(fd, text, sizeof text - 1);

	close(fd);
	text[length > 0 ? length : 0] = '\0';
	return length > 0 && stat_lives(text, process->start_time);
}

bool sf_reader_has_living(const struct sf_reader *reader)
{
	uint32_t command = sf_reader_arena(reader)->command_pid;

	if (command && command <= INT32_MAX && (kill((pid_t)command, 0) == 0 || errno == EPERM))
		return true;
	for (uint32_t i = sf_reader_count(reader, SF_PROCESSES); i > 0; i--) {
		const struct sf_process *process = sf_reader_process(reader, i);
		uint32_t state = process ? atomic_load_explicit(&process->state, memory_order_acquire) : SF_PROCESS_FREE;

		if ((state == SF_PROCESS_LOADED || state == SF_PROCESS_AWAITED) && sf_process_lives(process))
			return true;
	}
	return false;
}

/* ---- events ---- */

size_t sf_reader_extension(
    const struct sf_reader *reader, const struct sf_seen *seen, enum sf_extension_kind kind, void *buffer, size_t size)
{
	struct sf_extension_buffer buffers[SF_EXTENSION_COUNT] = {{0}};

	buffers[kind] = (struct sf_extension_buffer){buffer, size, 0};
	sf_reader_extensions(reader, seen, buffers);
	return buffers[kind].used;
}

bool sf_reader_result(const struct sf_reader *reader, const struct sf_seen *seen, int64_t *ret)
{
	const struct sf_process *process = sf_reader_process(reader, seen->process);

	*ret = seen->event.ret;
	if (seen->event.what != SF_EVENT_EXIT || !seen->event.asked)
		return true;
	*ret = process ? process->exit_status : 0;
	return process && atomic_load_explicit(&process->state, memory_order_acquire) == SF_PROCESS_EXITED;
}

static void append_hex(struct sf_append *out, uint64_t number)
{
	char digits[16];
	size_t at = sizeof digits;

	do
		digits[--at] = "0123456789abcdef"[number % 16];
	while (number /= 16);
	sf_append_bytes(out, digits + at, sizeof digits - at);
}

size_t sf_reader_place(const struct sf_reader *reader, uint32_t index, char *buffer, size_t size)
{
	const struct sf_site *site = sf_reader_site(reader, index);
	const struct sf_object *object = site ? sf_reader_object(reader, site->object) : NULL;

	if (!site) {
		if (size)
			buffer[0] = '\0';
		return 0;
	}
	const char *path = object ? object->path : "?";
	size_t length = strnlen(path, object ? sizeof object->path : 1);
	const char *slash = memrchr(path, '/', length);
	size_t skip = slash ? (size_t)(slash + 1 - path) : 0;
	struct sf_append out = sf_append_to(buffer, size);

	sf_append_bytes(&out, path + skip, length - skip);
	sf_append_text(&out, "+0x");
	append_hex(&out, site->offset);
	return sf_append_end(&out);
}

static void append_inet(struct sf_append *out, const struct sf_endpoint *endpoint)
{
	for (int i = 0; i < 4; i++) {
		sf_append_number(out, endpoint->bytes[i]);
		sf_append_bytes(out, i < 3 ? "." : ":", 1);
	}
	sf_append_number(out, endpoint->port);
}

size_t sf_endpoint_print(const struct sf_endpoint *endpoint, char *buffer, size_t size)
{
	struct sf_append out = sf_append_to(buffer, size);
	char text[INET6_ADDRSTRLEN];
	size_t length = endpoint->length < sizeof endpoint->path ? endpoint->length : sizeof endpoint->path;

	if (endpoint->family == SF_INET && length == 4) {
		append_inet(&out, endpoint);
	} else if (
	    endpoint->family == SF_INET6 && length == 16 && inet_ntop(AF_INET6, endpoint->bytes, text, sizeof text)) {
		sf_append_format(&out, "[%s]:%u", text, endpoint->port);
	} else if (endpoint->family == SF_UNIX && length) {
		sf_append_text(&out, endpoint->abstract ? "unix:@" : "unix:");
		sf_append_bytes(&out, endpoint->path, strnlen(endpoint->path, length));
	}
	return sf_append_end(&out);
}
