/* SPDX-License-Identifier: MIT
 *
 * told.c -- see told.h. A story that makes no sense aborts: the tests stand on it.
 */
#include "told.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "cli/engine.h"
#include "core/fault.h"
#include "core/names.h"
#include "made_trace.h"
#include "unit.h"

#define NUMBERS 64       /* threads that a story can have */
#define DESCRIPTORS 1100 /* and descriptors in each */

struct teller {
	struct made_trace trace;
	uint32_t threads[NUMBERS];              /* by name; 0: none yet */
	uint32_t sockets[NUMBERS][DESCRIPTORS]; /* by the thread whose process it is, and descriptor */
	unsigned process[NUMBERS];              /* thread -> the thread that names its process */
	uint64_t moved[2][1024];                /* by socket: sent, received */
	uint64_t clock_ns;
	uint64_t lines[TOLD_LINES + 1]; /* seq -> line */
	uint64_t seq;
	const char *line;
	unsigned number; /* of the line */
};

_Noreturn static void senseless(const struct teller *teller, const char *why)
{
	fprintf(stderr, "told.c: line %u, '%s': %s\n", teller->number, teller->line, why);
	abort();
}

/* ---- words ---- */

struct word {
	const char *name;
	uint64_t value;
};

/* The sum of words between '|', by a table that ends with NULL; what is no word there is a number. */
static uint64_t bits_of(const struct teller *teller, const char *text, size_t length, const struct word *table)
{
	uint64_t sum = 0;

	for (const char *end = text + length; text < end;) {
		size_t one = strcspn(text, "|:,") < (size_t)(end - text) ? strcspn(text, "|:,") : (size_t)(end - text);
		const struct word *row = table;
		char *rest;

		while (row->name && (strlen(row->name) != one || strncmp(row->name, text, one) != 0))
			row++;
		sum |= row->name ? row->value : strtoull(text, &rest, 0);
		if (!row->name && (rest == text || rest != text + one))
			senseless(teller, "no such word");
		text += one + 1;
	}
	return sum;
}

static const struct word flag_words[] = {
    {"MSG_PEEK", MSG_PEEK},       {"MSG_DONTWAIT", MSG_DONTWAIT},   {"MSG_NOSIGNAL", MSG_NOSIGNAL},
    {"MSG_WAITALL", MSG_WAITALL}, {"MSG_TRUNC", MSG_TRUNC},         {"MSG_MORE", MSG_MORE},
    {"MSG_OOB", MSG_OOB},         {"SOCK_NONBLOCK", SOCK_NONBLOCK}, {NULL, 0}};
static const struct word how_words[] = {{"RD", SHUT_RD}, {"WR", SHUT_WR}, {"RDWR", SHUT_RDWR}, {NULL, 0}};
static const struct word option_words[] = {
    {"SO_ERROR", SO_ERROR},
    {"SO_REUSEADDR", SO_REUSEADDR},
    {"SO_LINGER", SO_LINGER},
    {"SO_RCVTIMEO", SO_RCVTIMEO},
    {NULL, 0}};
static const struct word op_words[] = {
    {"ADD", EPOLL_CTL_ADD}, {"MOD", EPOLL_CTL_MOD}, {"DEL", EPOLL_CTL_DEL}, {NULL, 0}};
static const struct word poll_words[] = {
    {"IN", EPOLLIN},       {"OUT", EPOLLOUT},         {"ERR", EPOLLERR}, {"HUP", EPOLLHUP}, {"PRI", EPOLLPRI},
    {"RDHUP", EPOLLRDHUP}, {"ONESHOT", EPOLLONESHOT}, {"ET", EPOLLET},   {"NVAL", 32},      {NULL, 0}};

/* ---- what lines are about ---- */

static unsigned name_of(const struct teller *teller, long number)
{
	if (number < 0 || number >= NUMBERS)
		senseless(teller, "a number beyond what a story can have");
	return (unsigned)number;
}

static uint32_t *descriptor(struct teller *teller, unsigned thread, long fd)
{
	if (fd < 0 || fd >= DESCRIPTORS)
		senseless(teller, "a descriptor beyond what a story can have");
	return &teller->sockets[teller->process[thread]][fd];
}

static uint32_t make_socket(struct teller *teller, unsigned thread, uint8_t side)
{
	uint32_t index = made_socket(&teller->trace, teller->threads[thread], 80);
	struct sf_socket *socket = sf_socket_at(teller->trace.arena, index);

	socket->side = side;
	return index;
}

static void make_thread(struct teller *teller, unsigned by, unsigned name, bool is_process)
{
	uint32_t creator = teller->threads[by];
	struct sf_process *process;

	if (teller->threads[name])
		senseless(teller, "this thread is there already");
	if (!is_process) {
		teller->threads[name] = made_thread(&teller->trace, creator, 100 + name);
		teller->process[name] = teller->process[by];
		return;
	}
	teller->threads[name] = made_process(&teller->trace, 100 + name, "child");
	teller->process[name] = name;
	process = sf_process_at(teller->trace.arena, sf_thread_at(teller->trace.arena, teller->threads[name])->process);
	process->parent = sf_thread_at(teller->trace.arena, creator)->process;
	memcpy(teller->sockets[name], teller->sockets[teller->process[by]], sizeof teller->sockets[name]);
}

static struct sf_process *process_of(struct teller *teller, unsigned thread)
{
	return sf_process_at(teller->trace.arena, sf_thread_at(teller->trace.arena, teller->threads[thread])->process);
}

/* ---- what belongs to a line ---- */

static void extend(
    struct teller *teller, unsigned thread, struct sf_event *event, enum sf_extension_kind kind, const void *content,
    size_t length)
{
	made_extension(&teller->trace, teller->threads[thread], event, kind, content, length);
}

static struct sf_rest rest_of(const char *text, size_t size)
{
	struct sf_rest rest = {.length = size, .first_length = (uint32_t)strnlen(text, 32)};

	rest.digested = rest.first_length;
	rest.digest = rest.first_digest = sf_digest(text, rest.first_length);
	memcpy(rest.first, text, rest.first_length);
	return rest;
}

static void add_rest(struct teller *teller, unsigned thread, struct sf_event *event, const char *value)
{
	char *text;
	size_t length = strtoul(value, &text, 0);
	struct sf_rest rest = rest_of(*text == ':' ? text + 1 : "", length);

	extend(teller, thread, event, SF_EXTENSION_REST, &rest, sizeof rest);
}

static void add_begin(struct teller *teller, unsigned thread, struct sf_event *event, const char *value)
{
	const char *colon = strchr(value, ':');
	size_t length = colon ? (size_t)(colon - value) : strlen(value);
	char text[64];

	snprintf(text, sizeof text, "%.*s", (int)length, value);
	struct sf_rest rest = rest_of(text, event->asked);
	const char *word = colon ? colon + 1 : "";

	rest.follows = strcmp(word, "on") == 0      ? SF_FOLLOWS_ON
	               : strcmp(word, "again") == 0 ? SF_FOLLOWS_AGAIN
	               : strcmp(word, "other") == 0 ? SF_FOLLOWS_OTHER
	                                            : SF_FOLLOWS_UNKNOWN;
	extend(teller, thread, event, SF_EXTENSION_BEGIN, &rest, sizeof rest);
}

static void add_polled(struct teller *teller, unsigned thread, struct sf_event *event, const char *value)
{
	struct sf_polled polled[8];
	size_t count = 0;

	for (const char *at = value; at && *at && count < 8; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		const char *asked = strchr(at, ':') + 1, *end = asked + strcspn(asked, ",");
		const char *colon = memchr(asked, ':', (size_t)(end - asked)), *answer = colon ? colon + 1 : end;

		polled[count].fd = atoi(at);
		polled[count].events = (uint16_t)bits_of(teller, asked, (size_t)((colon ? colon : end) - asked), poll_words);
		polled[count++].revents = (uint16_t)bits_of(teller, answer, (size_t)(end - answer), poll_words);
	}
	extend(teller, thread, event, SF_EXTENSION_POLL, polled, count * sizeof polled[0]);
}

/* Data of a registration is its descriptor, as with most programs. */
static void add_epolled(struct teller *teller, unsigned thread, struct sf_event *event, const char *value)
{
	struct sf_epolled epolled[7];
	size_t count = 0;

	for (const char *at = value; at && *at && count < 7; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		const char *bits = strchr(at, ':') + 1;
		bool is_control = event->what == SF_FUNC_epoll_ctl;

		epolled[count].data = (uint64_t)atoi(at);
		epolled[count].fd = is_control ? atoi(at) : -1;
		epolled[count++].events = (uint32_t)bits_of(teller, bits, strcspn(bits, ","), poll_words);
	}
	extend(teller, thread, event, SF_EXTENSION_EPOLL, epolled, count * sizeof epolled[0]);
}

static void add_signals(struct teller *teller, unsigned thread, struct sf_event *event, const char *value)
{
	struct sf_disposition one = {.signal = (uint8_t)sf_signal_find(value, strcspn(value, ":")), .handled = 1};

	one.restart = strstr(value, ":restart") != NULL;
	one.ignored = strstr(value, ":ignored") != NULL;
	one.handled = !one.ignored;
	extend(teller, thread, event, SF_EXTENSION_SIGNAL, &one, sizeof one);
}

static void add_waited(struct teller *teller, unsigned thread, struct sf_event *event, const char *value)
{
	const char *colon = strchr(value, ':');
	struct sf_waited one = {.pid = 100 + atoi(value), .status = colon ? atoi(colon + 1) : 0};

	extend(teller, thread, event, SF_EXTENSION_WAIT, &one, sizeof one);
}

/* ---- keys and words ---- */

static void set_fault(struct teller *teller, struct sf_event *event, const char *value)
{
	const char *colon = strchr(value, ':');
	int kind = sf_fault_find(value, colon ? (size_t)(colon - value) : strlen(value));
	int error = colon ? sf_errno_find(colon + 1, strlen(colon + 1)) : -1;

	if (kind < 0)
		senseless(teller, "no such fault");
	event->fault = (uint8_t)(1 + kind);
	event->rule = 1;
	event->fault_value = error >= 0 ? (uint64_t)error : colon ? strtoull(colon + 1, NULL, 0) : 0;
	event->fault_unit = error >= 0 ? SF_UNIT_ERRNO : SF_UNIT_BYTES;
	if (!event->realism)
		event->realism = SF_KERNEL;
}

static uint64_t milliseconds(const char *text)
{
	return strtoull(text, NULL, 0) * 1000000;
}

static void set_number(struct teller *teller, struct sf_event *event, const char *key, const char *value)
{
	size_t length = strlen(value);
	uint64_t number = strtoull(value, NULL, 0);

#define IS(word) (strcmp(key, word) == 0)
	if (IS("took"))
		event->ticks = milliseconds(value);
	else if (IS("at"))
		teller->clock_ns = event->stamp = milliseconds(value);
	else if (IS("site"))
		event->site = (uint32_t)number;
	else if (IS("stack"))
		event->stack = (uint32_t)number;
	else if (IS("buffer"))
		event->buffer = number;
	else if (IS("value"))
		event->asked = number;
	else if (IS("limit"))
		event->offset = milliseconds(value);
	else if (IS("command"))
		event->flags = (uint32_t)number;
	else if (IS("flags"))
		event->flags = (uint32_t)bits_of(teller, value, length, flag_words);
	else if (IS("how"))
		event->flags = (uint32_t)bits_of(teller, value, length, how_words);
	else if (IS("op"))
		event->flags = (uint32_t)bits_of(teller, value, length, op_words);
	else if (IS("option"))
		event->flags = (uint32_t)(SOL_SOCKET << 16 | bits_of(teller, value, length, option_words));
	else if (IS("fault"))
		set_fault(teller, event, value);
	else
		senseless(teller, "no such key");
#undef IS
}

static const struct {
	const char *key;
	void (*add)(struct teller *teller, unsigned thread, struct sf_event *event, const char *value);
} extension_keys[] = {
    {"rest", add_rest},       {"begin", add_begin},     {"polled", add_polled},
    {"epolled", add_epolled}, {"signals", add_signals}, {"waited", add_waited},
};

static int find(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static void set_word(struct teller *teller, struct sf_event *event, const char *word)
{
	struct sf_socket *made = sf_socket_at(teller->trace.arena, event->made);
	int mode = find(sf_mode_words, SF_MODE_COUNT, word), type = find(sf_type_words, SF_TYPE_COUNT, word);
	int family = find(sf_family_words, SF_FAMILY_COUNT, word);
	int realism = find(sf_realism_words + 1, SF_REALISM_COUNT - 1, word) + 1;

	if (strcmp(word, "closed") == 0)
		event->closed = SF_CLOSED;
	else if (strcmp(word, "swept") == 0)
		event->closed = SF_CLOSED_IN_A_ROW;
	else if (strcmp(word, "held") == 0 && made)
		made->hold_in_ns = UINT64_MAX;
	else if (mode > 0)
		event->mode = (uint8_t)mode;
	else if (realism > 0)
		event->realism = (uint8_t)realism;
	else if (type > 0 && made)
		made->type = (uint8_t)type;
	else if (family > 0 && made)
		made->family = (uint8_t)family;
	else if (sf_errno_find(word, strlen(word)) >= 0)
		event->error = (uint16_t)sf_errno_find(word, strlen(word));
	else
		senseless(teller, "no such word");
}

/* Words and keys that are left of a line; extensions come behind the event, so they are last. */
static void set_all(struct teller *teller, unsigned thread, struct sf_event *event, char **words, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char *value = strchr(words[i], '=');
		size_t n = 0;

		if (!value) {
			set_word(teller, event, words[i]);
			continue;
		}
		*value++ = '\0';
		if (strcmp(words[i], "text") == 0) {
			extend(teller, thread, event, SF_EXTENSION_TEXT, value, strlen(value));
			continue;
		}
		while (n < sizeof extension_keys / sizeof extension_keys[0] && strcmp(extension_keys[n].key, words[i]) != 0)
			n++;
		if (n < sizeof extension_keys / sizeof extension_keys[0])
			extension_keys[n].add(teller, thread, event, value);
		else
			set_number(teller, event, words[i], value);
	}
}

/* ---- lines ---- */

static struct sf_event *new_event(struct teller *teller, unsigned thread, unsigned what)
{
	uint32_t site = sf_arena_new(teller->trace.arena, SF_SITES);
	struct sf_event *event;

	/* Each line has a place of its own, and one number is the place of the same line in every story. */
	while (site < teller->number)
		site = sf_arena_new(teller->trace.arena, SF_SITES);
	sf_site_at(teller->trace.arena, teller->number)->object = 1;
	sf_site_at(teller->trace.arena, teller->number)->offset = teller->number;
	teller->clock_ns += 1000000;
	event = made_event(&teller->trace, teller->threads[thread], what, teller->clock_ns, 0);
	event->fd = -1;
	event->site = teller->number;
	teller->lines[++teller->seq] = teller->number;
	return event;
}

static void tell_transfer(struct teller *teller, struct sf_event *event, enum sf_operation operation)
{
	bool out = operation == SF_SEND;

	if (operation == SF_POLL)
		event->offset = UINT64_MAX;
	if (operation == SF_ACCEPT || operation == SF_CONNECT)
		event->mode = SF_BLOCKING;
	if ((operation != SF_SEND && operation != SF_RECV) || !event->socket)
		return;
	event->offset = teller->moved[out][event->socket % 1024];
	if (event->ret > 0)
		teller->moved[out][event->socket % 1024] += (uint64_t)event->ret;
	if (!event->mode)
		event->mode = SF_BLOCKING;
}

/* Sockets that a call makes or closes. second: the other end of a pair. */
static void tell_sockets(struct teller *teller, unsigned thread, struct sf_event *event, long second)
{
	long ret = event->ret;

	switch (event->what) {
	case SF_FUNC_socket:
	case SF_FUNC_accept:
	case SF_FUNC_accept4:
		if (ret >= 0)
			event->made = *descriptor(teller, thread, ret) =
			    make_socket(teller, thread, event->what == SF_FUNC_socket ? SF_SIDE_NONE : SF_SERVER);
		break;
	case SF_FUNC_dup:
		if (ret >= 0)
			*descriptor(teller, thread, ret) = event->socket;
		break;
	case SF_FUNC_close:
		if (event->fd >= 0)
			*descriptor(teller, thread, event->fd) = 0;
		break;
	case SF_FUNC_socketpair: {
		struct sf_given given[2] = {{(int)ret, 0}, {(int)second, 0}};

		for (int i = 0; i < 2; i++)
			*descriptor(teller, thread, given[i].fd) = given[i].socket = make_socket(teller, thread, SF_SIDE_NONE);
		event->ret = 0;
		extend(teller, thread, event, SF_EXTENSION_GIVEN, given, sizeof given);
		break;
	}
	default:
		break;
	}
}

static bool is_number(const char *word)
{
	return *word && word[strspn(word, "-0123456789")] == '\0';
}

/* A call: FD, ASKED, = RESULT. */
static void tell_call(struct teller *teller, unsigned thread, int func, char **words, unsigned count)
{
	struct sf_event *event = new_event(teller, thread, (unsigned)func);
	unsigned at = 0;
	long second = -1;

	if (at < count && is_number(words[at]))
		event->fd = atoi(words[at++]);
	if (at < count && is_number(words[at]))
		event->asked = strtoull(words[at++], NULL, 0);
	if (event->fd >= 0)
		event->socket = *descriptor(teller, thread, event->fd);
	if (at < count && strcmp(words[at], "=") == 0) {
		event->ret = ++at < count ? atol(words[at++]) : 0;
		if (at < count && is_number(words[at]))
			second = atol(words[at++]);
	} else {
		atomic_store(&event->state, SF_EVENT_PENDING);
	}
	tell_sockets(teller, thread, event, second);
	tell_transfer(teller, event, (enum sf_operation)sf_func_rows[func].operation);
	set_all(teller, thread, event, words + at, count - at);
	if (event->ret < 0 && !event->error && atomic_load(&event->state) == SF_EVENT_DONE)
		senseless(teller, "it failed: with which errno?");
}

static void tell_load(struct teller *teller, unsigned thread)
{
	struct sf_event *event = new_event(teller, thread, SF_EVENT_LOAD);
	struct sf_given given[14];
	size_t count = 0;

	for (int fd = 0; fd < DESCRIPTORS && count < 14; fd++)
		if (*descriptor(teller, thread, fd))
			given[count++] = (struct sf_given){fd, *descriptor(teller, thread, fd)};
	if (count)
		extend(teller, thread, event, SF_EXTENSION_GIVEN, given, count * sizeof given[0]);
}

/* What is no call. False: it is none of these either. */
static bool tell_life(struct teller *teller, unsigned thread, const char *what, char **words, unsigned count)
{
	long value = count > 1 ? atol(words[1]) : 0;
	struct sf_process *process = process_of(teller, thread);
	struct sf_event *event;

	if (strcmp(what, "fork") == 0) {
		make_thread(teller, thread, name_of(teller, value), true);
		event = new_event(teller, name_of(teller, value), SF_EVENT_FORK);
		event->ret = 100 + value;
		event->asked = sf_thread_at(teller->trace.arena, teller->threads[thread])->process;
		set_all(teller, name_of(teller, value), event, words + 2, count > 2 ? count - 2 : 0);
	} else if (strcmp(what, "thread") == 0) {
		make_thread(teller, thread, name_of(teller, value), false);
		new_event(teller, thread, SF_EVENT_THREAD)->asked = teller->threads[name_of(teller, value)];
	} else if (strcmp(what, "load") == 0) {
		tell_load(teller, thread);
	} else if (strcmp(what, "exec") == 0) {
		new_event(teller, thread, SF_EVENT_EXEC);
	} else if (strcmp(what, "exit") == 0) {
		new_event(teller, thread, SF_EVENT_EXIT)->ret = value;
		process->exit_status = (int32_t)value;
	} else if (strcmp(what, "killed") == 0) {
		process->exit_status = sf_signal_find(words[0], strlen(words[0]));
		atomic_store(&process->state, SF_PROCESS_SIGNALED);
	} else if (strcmp(what, "lives") == 0) {
		atomic_store(&process->state, SF_PROCESS_LOADED);
	} else {
		return false;
	}
	return true;
}

static void tell_line(struct teller *teller, const char *line)
{
	char text[512], *words[32], *save = NULL;
	unsigned count = 0, thread = 1, first = 0;

	teller->line = line;
	teller->number++;
	snprintf(text, sizeof text, "%s", line);
	for (char *word = strtok_r(text, " ", &save); word && count < 32; word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	if (count && words[0][strlen(words[0]) - 1] == ':') {
		thread = name_of(teller, atol(words[0]));
		first = 1;
	}
	if (count <= first || !teller->threads[thread])
		senseless(teller, "who does what?");
	int func = sf_func_find(words[first], strlen(words[first]));

	if (tell_life(teller, thread, words[first], words + first + 1, count - first - 1))
		return;
	if (func < 0)
		senseless(teller, "no such function");
	tell_call(teller, thread, func, words + first + 1, count - first - 1);
}

static struct teller *tell(const char *const *lines)
{
	struct teller *teller = calloc(1, sizeof *teller);
	struct sf_object *object;

	if (!teller)
		abort();
	teller->trace = made_trace(SF_HEADER_PAGES + 80);
	object = sf_object_at(teller->trace.arena, sf_arena_new(teller->trace.arena, SF_OBJECTS));
	strcpy(object->path, "/story");
	teller->threads[1] = made_process(&teller->trace, 101, "story");
	teller->process[1] = 1;
	for (unsigned i = 0; i < TOLD_LINES && lines[i]; i++)
		tell_line(teller, lines[i]);
	return teller;
}

static struct sf_reader *read_told(struct teller *teller)
{
	const char *why;
	struct sf_reader *reader = sf_reader_over(teller->trace.arena, teller->trace.size, &why);

	if (!reader)
		fail_msg("refused: %s", why);
	return reader;
}

/* The header: how the run ended, and what it was. */
static void tell_run(struct teller *teller, const struct told *told)
{
	struct sf_arena *arena = teller->trace.arena;
	size_t length = told->command ? strlen(told->command) + 1 : 0;

	if (told->over_at)
		arena->clock_last =
		    (struct sf_clock_pair){told->over_at * UINT64_C(1000000), told->over_at * UINT64_C(1000000)};
	if (told->busy)
		sf_process_at(arena, 1)->busy_ms = told->busy;
	if (!length)
		return;
	arena->command_at = sf_arena_heap(arena, length);
	arena->command_length = (uint32_t)length;
	char *to = sf_arena_at(arena, arena->command_at);

	for (size_t i = 0; i < length; i++)
		to[i] = told->command[i] == ' ' ? '\0' : told->command[i];
}

/* ---- what is said ---- */

static bool is_expected(const struct told *told, uint64_t line)
{
	for (size_t i = 0; i < sizeof told->said / sizeof told->said[0]; i++)
		if (line && told->said[i] == (int)line)
			return true;
	return false;
}

static void check(const struct told *told, const struct teller *teller, const struct sf_judged *judged)
{
	int name = sf_finding_find(told->finding, strlen(told->finding));
	size_t said = 0, wanted = 0;

	if (name < 0)
		fail_msg("there is no finding %s", told->finding);
	while (wanted < sizeof told->said / sizeof told->said[0] && told->said[wanted])
		wanted++;
	for (size_t i = 0; i < judged->count; i++) {
		const struct sf_statement *statement = &judged->list[i];
		uint64_t seq = statement->at.seq, line = seq <= TOLD_LINES ? teller->lines[seq] : 0;

		if ((int)statement->finding != name)
			continue;
		if (!is_expected(told, line))
			fail_msg("%s of line %d: %s", told->finding, (int)line, statement->says);
		if (told->says && said == 0 && !strstr(statement->says, told->says))
			fail_msg("%s says: %s", told->finding, statement->says);
		said++;
	}
	if (said != wanted)
		fail_msg(
		    "%s was said of %d lines, not %d, the first '%s'", told->finding, (int)said, (int)wanted, told->story[0]);
}

void expect(const struct told *told)
{
	struct teller *teller = tell(told->story), *before = told->baseline[0] ? tell(told->baseline) : NULL;
	struct sf_reader *reader = read_told(teller), *baseline = before ? read_told(before) : NULL;
	uint32_t over =
	    SF_OVER | (told->timed_out ? SF_OVER_BY_TIMEOUT : 0u) | (told->asked_to_end ? SF_OVER_BY_REQUEST : 0u);

	atomic_store(&teller->trace.arena->ended, over);
	tell_run(teller, told);
	struct sf_judged judged = sf_judge(
	    reader, &(struct sf_judge_asked){
	                .baseline = baseline,
	                .differs = told->differs,
	                .compared = told->differs || told->same,
	                .errors = told->errors});

	check(told, teller, &judged);
	sf_judged_free(&judged);
	sf_reader_close(reader);
	made_trace_free(&teller->trace);
	free(teller);
	if (!before)
		return;
	sf_reader_close(baseline);
	made_trace_free(&before->trace);
	free(before);
}
