/* SPDX-License-Identifier: MIT
 *
 * line.c -- puts the lines of line.h together: the call and its result as plain text first, so that results stand in
 * one column, then the colours around them. What comes from the target (names, paths) is shown with printable bytes
 * only.
 */
#include "cli/line.h"

#include <stdio.h>
#include <sys/wait.h>

#include "cli/words.h"
#include "core/append.h"
#include "core/names.h"
#include "core/print.h"

/* Results stand in this column of the call where they can, as strace's do. */
#define RESULT_COLUMN 50
/* Shorter calls are not worth a figure. */
#define LONG_NS UINT64_C(1000000)
/* Descriptors of a poll that are shown. */
#define POLLED_SHOWN 16

enum colour { PLAIN, DIM, RED, YELLOW, CYAN, MAGENTA };

static const char *const colours[] = {"", "\033[2m", "\033[31m", "\033[1;33m", "\033[36m", "\033[35m"};

static void put_coloured(struct sf_output *out, struct sf_line_style style, enum colour colour, const char *text)
{
	bool coloured = style.coloured && colour != PLAIN && *text;

	if (coloured)
		sf_put_text(out, colours[colour]);
	sf_put_text(out, text);
	if (coloured)
		sf_put_text(out, "\033[0m");
}

/* Bytes of the target. */
static void append_foreign(struct sf_append *out, const char *text, size_t length)
{
	size_t from = out->used;

	sf_append_bytes(out, text, length);
	if (from < out->size)
		sf_make_plain(out->buffer + from, (out->used < out->size ? out->used : out->size) - from);
}

static void append_signed(struct sf_append *out, int64_t number)
{
	if (number < 0)
		sf_append_text(out, "-");
	sf_append_number(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static void append_seconds(struct sf_append *out, uint64_t ns)
{
	char text[32];

	snprintf(
	    text, sizeof text, "%llu.%06llu", (unsigned long long)(ns / 1000000000),
	    (unsigned long long)(ns / 1000 % 1000000));
	sf_append_text(out, text);
}

/* ---- the head of a line ---- */

static void
put_head(struct sf_output *out, struct sf_line_style style, uint32_t pid, uint32_t tid, bool timed, uint64_t time_ns)
{
	char text[80];
	struct sf_append head = sf_append_to(text, sizeof text);

	if (style.pids || style.tids)
		sf_append_format(&head, "[%u", pid);
	if (style.tids)
		sf_append_format(&head, "/%u", tid ? tid : pid);
	if (style.pids || style.tids)
		sf_append_text(&head, "] ");
	if (timed) {
		append_seconds(&head, time_ns);
		sf_append_text(&head, " ");
	}
	sf_append_end(&head);
	put_coloured(out, style, DIM, text);
}

static void put_head_of(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, struct sf_line_style style)
{
	const struct sf_process *process = sf_reader_process(reader, seen->process);
	const struct sf_thread *thread = sf_reader_thread(reader, seen->thread);

	put_head(
	    out, style, process ? process->pid : 0, thread ? thread->tid : 0, true,
	    sf_arena_ns(sf_reader_arena(reader), seen->event.stamp));
}

/* ---- a call ---- */

static void append_endpoint(struct sf_append *out, const char *before, const struct sf_endpoint *endpoint)
{
	char text[160];

	if (sf_endpoint_print(endpoint, text, sizeof text) == 0)
		return;
	sf_append_text(out, before);
	append_foreign(out, text, strlen(text));
}

/* "5 #2 127.0.0.1:8080": a listener and what is being bound show their own address. */
static void append_descriptor(struct sf_append *out, const struct sf_event *event, const struct sf_socket *socket)
{
	enum sf_operation operation = sf_event_operation_of(event);
	uint32_t conn = socket ? atomic_load_explicit(&socket->conn, memory_order_relaxed) : 0;

	append_signed(out, event->fd);
	if (conn)
		sf_append_format(out, " #%u", conn);
	if (!socket)
		return;
	if (operation == SF_BIND || operation == SF_LISTEN || socket->side == SF_LISTENER)
		append_endpoint(out, " ", &socket->local);
	else
		append_endpoint(out, " ", &socket->peer);
}

static void append_bits(struct sf_append *out, uint32_t bits)
{
	const char *word;

	for (unsigned n = 0; (word = sf_poll_bit(bits, n)); n++) {
		sf_append_text(out, n ? "|" : " ");
		sf_append_text(out, word);
	}
}

/* "[5 IN, 6 IN|OUT]": what was asked, as far as that is known, or (answered) only those that have something to say. */
static bool
append_polled(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen, bool answered)
{
	struct sf_polled polled[SF_EXTENSION_ROOM / sizeof(struct sf_polled)];
	size_t size = sf_reader_extension(reader, seen, SF_EXTENSION_POLL, polled, sizeof polled);
	bool is_poll = seen->event.what != SF_FUNC_select && seen->event.what != SF_FUNC_pselect;
	bool has_more = is_poll && seen->event.asked > SF_POLLED_SHOWN;
	unsigned shown = 0;

	for (size_t i = 0; i < size / sizeof polled[0]; i++) {
		uint16_t bits = answered ? polled[i].revents : polled[i].events;

		if (answered && !bits)
			continue;
		sf_append_text(out, shown ? ", " : answered ? " [" : "[");
		if (shown++ == POLLED_SHOWN) {
			sf_append_text(out, "...");
			break;
		}
		append_signed(out, polled[i].fd);
		append_bits(out, bits);
	}
	if (shown)
		sf_append_text(out, !answered && has_more && shown <= POLLED_SHOWN ? ", ...]" : "]");
	return shown > 0;
}

/* " [7 IN, 8 HUP]" of epoll_wait, by what was registered as data; " IN|ET" of epoll_ctl, behind its descriptor. */
static void append_epolled(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_epolled epolled[SF_EXTENSION_ROOM / sizeof(struct sf_epolled)];
	size_t size = sf_reader_extension(reader, seen, SF_EXTENSION_EPOLL, epolled, sizeof epolled);
	bool one = seen->event.what == SF_FUNC_epoll_ctl;

	for (size_t i = 0; i < size / sizeof epolled[0] && i <= POLLED_SHOWN; i++) {
		if (!one)
			sf_append_text(out, i ? ", " : " [");
		if (i == POLLED_SHOWN) {
			sf_append_text(out, "...");
			break;
		}
		if (!one)
			sf_append_number(out, epolled[i].data);
		append_bits(out, epolled[i].events);
	}
	if (size && !one)
		sf_append_text(out, "]");
}

/* ", 500ms": how long a wait may take, as it was asked for. */
static void append_limit(struct sf_append *out, const struct sf_event *event)
{
	bool in_ms = event->what == SF_FUNC_poll || event->what == SF_FUNC___poll_chk ||
	             event->what == SF_FUNC_epoll_wait || event->what == SF_FUNC_epoll_pwait;

	sf_append_text(out, ", ");
	if (event->offset != UINT64_MAX)
		sf_append_duration(out, event->offset);
	else
		sf_append_text(out, in_ms ? "-1" : "NULL");
}

/* poll has what it asked; epoll_wait and epoll_ctl their descriptor. */
static void append_poll(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_event *event = &seen->event;
	char scratch[12];

	if (event->fd >= 0)
		append_signed(out, event->fd);
	if (event->what == SF_FUNC_epoll_ctl) {
		sf_append_format(out, ", %s, ", sf_event_flag(event, 0, scratch));
		append_signed(out, (int)event->asked);
		append_epolled(out, reader, seen);
		return;
	}
	if (event->what != SF_FUNC_epoll_create1 && !append_polled(out, reader, seen, false))
		sf_append_format(out, event->fd >= 0 ? ", %llu" : "%llu", (unsigned long long)event->asked);
	if (!sf_func_rows[event->what].by_name_only)
		append_limit(out, event);
}

/* Bits are joined by '|'; what stands before them (level and name of an option, domain and type) are arguments. */
static void append_flags(struct sf_append *out, const struct sf_event *event)
{
	bool creates = event->what == SF_FUNC_socket || event->what == SF_FUNC_socketpair;
	bool asks = event->what == SF_FUNC_close_range || sf_event_operation_of(event) == SF_PROCESS;
	bool none_before = creates || (event->fd < 0 && sf_event_operation_of(event) != SF_SEND && !asks);
	unsigned arguments = creates || event->what == SF_FUNC_getsockopt || event->what == SF_FUNC_setsockopt ? 2 : 1;
	char scratch[12];
	const char *flag;

	for (unsigned n = 0; (flag = sf_event_flag(event, n, scratch)); n++) {
		if (n || !none_before)
			sf_append_text(out, n < arguments ? ", " : "|");
		sf_append_text(out, flag);
	}
}

static void append_name(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	char text[SF_EXTENSION_ROOM];
	size_t length = sf_reader_extension(reader, seen, SF_EXTENSION_TEXT, text, sizeof text);

	if (!length)
		return;
	sf_append_text(out, "\"");
	append_foreign(out, text, strnlen(text, length));
	sf_append_text(out, "\"");
}

/* Of a datagram where it goes or comes from; of resolve what is asked for. */
static void append_address(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_endpoint endpoint = {0};

	if (seen->event.extensions && sf_reader_extension(reader, seen, SF_EXTENSION_ADDRESS, &endpoint, sizeof endpoint))
		append_endpoint(out, seen->event.fd >= 0 ? ", " : "", &endpoint);
}

/* What stands behind the descriptor of those that ask for something else than bytes. */
static void append_asked(struct sf_append *out, const struct sf_event *event)
{
	switch (event->what) {
	case SF_FUNC_dup2:
	case SF_FUNC_dup3:
		sf_append_text(out, ", ");
		append_signed(out, (int)event->asked);
		break;
	case SF_FUNC_closefrom:
		sf_append_number(out, event->asked);
		break;
	case SF_FUNC_close_range:
		sf_append_format(out, "%llu, %llu", (unsigned long long)event->asked, (unsigned long long)event->offset);
		break;
	default:
		if (sf_event_operation_of(event) == SF_PROCESS)
			append_signed(out, (int64_t)event->asked);
	}
}

/* "recvfrom(5 #2 127.0.0.1:8080, 4096, MSG_PEEK": without the bracket that closes it. */
static void append_call(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_event *event = &seen->event;
	const struct sf_socket *socket = sf_reader_socket(reader, event->socket);
	enum sf_operation operation = sf_event_operation_of(event);

	sf_append_format(out, "%s(", sf_func_rows[event->what].name);
	if (operation == SF_POLL)
		append_poll(out, reader, seen);
	else if (event->fd >= 0)
		append_descriptor(out, event, socket);
	else if (operation == SF_RESOLVE)
		append_name(out, reader, seen);
	if (operation == SF_SEND || operation == SF_RECV || operation == SF_LISTEN)
		sf_append_format(out, ", %llu", (unsigned long long)event->asked);
	append_asked(out, event);
	if (operation != SF_POLL || event->fd < 0)
		append_flags(out, event);
	append_address(out, reader, seen);
}

/* " #7 127.0.0.1:5555": the connection that accept gave. */
static void append_made(struct sf_append *out, const struct sf_socket *made)
{
	uint32_t conn = made ? atomic_load_explicit(&made->conn, memory_order_relaxed) : 0;

	if (!conn)
		return;
	sf_append_format(out, " #%u", conn);
	append_endpoint(out, " ", &made->peer);
}

/* " exited with 3", " killed by SIGKILL": the child that was waited for. */
static void append_waited(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_waited waited;

	if (sf_reader_extension(reader, seen, SF_EXTENSION_WAIT, &waited, sizeof waited) < sizeof waited)
		return;
	if (!WIFSIGNALED(waited.status)) {
		sf_append_format(out, " exited with %u", (unsigned)WEXITSTATUS(waited.status));
		return;
	}
	const char *name = sf_signal_name(WTERMSIG(waited.status));

	sf_append_text(out, " killed by ");
	sf_append_text(out, name ? name : "a signal");
}

static void append_error(struct sf_append *out, const char *name, const char *text)
{
	sf_append_format(out, "%s (%s)", name, text ? text : "an error without a name");
}

static void append_result(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_event *event = &seen->event;
	char scratch[12];
	const char *error = sf_event_error(event, scratch);

	sf_append_text(out, " = ");
	if (sf_event_operation_of(event) == SF_RESOLVE && error) {
		append_error(out, error, sf_eai_text(event->error));
		return;
	}
	append_signed(out, event->ret);
	if (error) {
		sf_append_text(out, " ");
		append_error(out, error, sf_errno_text(event->error));
	}
	if (event->closed)
		sf_append_format(out, " (closed %s)", sf_closed_word(event->closed) ? sf_closed_word(event->closed) : "?");
	if (sf_event_operation_of(event) == SF_ACCEPT)
		append_made(out, sf_reader_socket(reader, event->made));
	if (sf_event_operation_of(event) == SF_PROCESS && event->extensions)
		append_waited(out, reader, seen);
	if (sf_event_operation_of(event) != SF_POLL || !event->extensions)
		return;
	append_polled(out, reader, seen, true);
	if (event->what != SF_FUNC_epoll_ctl)
		append_epolled(out, reader, seen);
}

static void put_duration(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_event *event, struct sf_line_style style)
{
	uint64_t ns = sf_arena_duration(sf_reader_arena(reader), event->ticks);
	char text[48];
	struct sf_append duration = sf_append_to(text, sizeof text);

	if (ns < LONG_NS)
		return;
	sf_append_text(&duration, " <");
	append_seconds(&duration, ns);
	sf_append_text(&duration, ">");
	sf_append_end(&duration);
	put_coloured(out, style, DIM, text);
}

static void put_faults(struct sf_output *out, const struct sf_event *event, struct sf_line_style style)
{
	const char *realism = sf_realism_words[event->realism];
	char fault[128], text[192];

	if (event->rule && sf_event_fault(event, fault, sizeof fault)) {
		snprintf(text, sizeof text, "  ← %s (rule %u, %s)", fault, event->rule, realism);
		put_coloured(out, style, YELLOW, text);
	}
	if (event->shaped_rule && sf_event_shaped(event, fault, sizeof fault)) {
		snprintf(text, sizeof text, "  ← %s (rule %u)", fault, event->shaped_rule);
		put_coloured(out, style, YELLOW, text);
	}
}

static void
put_call(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, struct sf_line_style style)
{
	char call[2048], result[2048];
	struct sf_append text = sf_append_to(call, sizeof call - 1);

	append_call(&text, reader, seen);
	if (seen->fate != SF_FATE_DONE) {
		sf_append_end(&text);
		sf_put_text(out, call);
		put_coloured(out, style, MAGENTA, " <unfinished ...>");
		put_faults(out, &seen->event, style);
		return;
	}
	sf_append_text(&text, ")");
	while (text.used < RESULT_COLUMN)
		sf_append_text(&text, " ");
	sf_append_end(&text);
	sf_put_text(out, call);
	text = sf_append_to(result, sizeof result);
	append_result(&text, reader, seen);
	sf_append_end(&text);
	put_coloured(out, style, seen->event.error ? RED : PLAIN, result);
	put_duration(out, reader, &seen->event, style);
	put_faults(out, &seen->event, style);
}

/* ---- lifecycle ---- */

static void append_program(struct sf_append *out, const struct sf_seen *seen)
{
	if (seen->program)
		append_foreign(out, seen->program, strnlen(seen->program, SF_PROGRAM_SIZE));
}

static void append_life(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_event *event = &seen->event;
	const struct sf_thread *thread =
	    sf_reader_thread(reader, event->what == SF_EVENT_THREAD ? (uint32_t)event->asked : 0);
	const struct sf_process *parent =
	    sf_reader_process(reader, event->what == SF_EVENT_FORK ? (uint32_t)event->asked : 0);
	char scratch[12];
	int64_t status;

	switch (event->what) {
	case SF_EVENT_LOAD:
		sf_append_text(out, "started ");
		append_program(out, seen);
		break;
	case SF_EVENT_FORK: /* it stands in the child */
		sf_append_format(out, "forked by %u", parent ? parent->pid : 0);
		break;
	case SF_EVENT_EXEC:
		sf_append_text(out, "exec ");
		append_name(out, reader, seen);
		break;
	case SF_EVENT_EXIT:
		sf_append_text(out, "exited");
		if (sf_reader_result(reader, seen, &status)) {
			sf_append_text(out, " with ");
			append_signed(out, status);
		}
		break;
	case SF_EVENT_SIGNAL:
		sf_append_text(out, sf_event_flag(event, 0, scratch));
		break;
	case SF_EVENT_THREAD:
		sf_append_format(out, "thread %u", thread ? thread->tid : 0);
		break;
	default:
		sf_append_format(out, "%s ", sf_event_operation(event));
		append_name(out, reader, seen);
	}
}

static void
put_life(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, struct sf_line_style style)
{
	const char *mark = seen->event.what == SF_EVENT_SIGNAL ? "---" : "+++";
	char text[2048];
	struct sf_append life = sf_append_to(text, sizeof text);

	sf_append_format(&life, "%s ", mark);
	append_life(&life, reader, seen);
	sf_append_format(&life, " %s", mark);
	sf_append_end(&life);
	put_coloured(out, style, CYAN, text);
	if (seen->event.what == SF_EVENT_SIGNAL)
		put_faults(out, &seen->event, style);
}

void sf_line_event(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, struct sf_line_style style)
{
	put_head_of(out, reader, seen, style);
	if (sf_event_is_call(&seen->event))
		put_call(out, reader, seen, style);
	else
		put_life(out, reader, seen, style);
	sf_put_text(out, "\n");
}

/* ---- the end ---- */

static void append_who(struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_process *process = sf_reader_process(reader, seen->process);
	const struct sf_thread *thread = sf_reader_thread(reader, seen->thread);

	sf_append_format(out, "process %u (", process ? process->pid : 0);
	append_program(out, seen);
	sf_append_text(out, ")");
	if (thread && process && thread->tid && thread->tid != process->pid)
		sf_append_format(out, " thread %u", thread->tid);
}

static void append_killer(struct sf_append *out, const struct sf_process *process)
{
	const char *name = process ? sf_signal_name(process->exit_status) : NULL;

	if (!process || atomic_load_explicit(&process->state, memory_order_acquire) != SF_PROCESS_SIGNALED)
		sf_append_text(out, "gone without a word");
	else if (name)
		sf_append_format(out, "killed by %s", name);
	else
		sf_append_format(out, "killed by signal %u", (unsigned)process->exit_status);
}

static void append_fate(struct sf_append *out, const struct sf_process *process, enum sf_fate fate)
{
	if (fate == SF_FATE_KILLED) {
		sf_append_text(out, "was ");
		append_killer(out, process);
		sf_append_text(out, " in ");
	} else if (process && atomic_load_explicit(&process->state, memory_order_acquire) == SF_PROCESS_EXITED) {
		sf_append_text(out, "ended, and never came back from ");
	} else {
		sf_append_text(out, "is in ");
	}
}

void sf_line_unfinished(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, struct sf_line_style style)
{
	const struct sf_process *process = sf_reader_process(reader, seen->process);
	char text[4096], place[300];
	struct sf_append line = sf_append_to(text, sizeof text);

	sf_append_text(&line, "=== ");
	append_who(&line, reader, seen);
	sf_append_text(&line, " ");
	append_fate(&line, process, seen->fate);
	append_call(&line, reader, seen);
	sf_append_text(&line, "), entered at ");
	append_seconds(&line, sf_arena_ns(sf_reader_arena(reader), seen->event.stamp));
	if (sf_reader_place(reader, seen->event.site, place, sizeof place)) {
		sf_append_text(&line, ", called from ");
		append_foreign(&line, place, strlen(place));
	}
	sf_append_end(&line);
	put_coloured(out, style, MAGENTA, text);
	sf_put_text(out, "\n");
}

void sf_line_killed(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_process *process, struct sf_line_style style)
{
	uint64_t stamp = atomic_load_explicit(&process->last_stamp, memory_order_relaxed);
	char text[64];
	struct sf_append line = sf_append_to(text, sizeof text);

	put_head(out, style, process->pid, 0, stamp != 0, sf_arena_ns(sf_reader_arena(reader), stamp));
	sf_append_text(&line, "+++ ");
	append_killer(&line, process);
	sf_append_text(&line, " +++");
	sf_append_end(&line);
	put_coloured(out, style, CYAN, text);
	sf_put_text(out, "\n");
}
