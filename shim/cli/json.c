/* SPDX-License-Identifier: MIT
 *
 * json.c -- writes the lines of json.h by hand: a million of them takes less time than Python needs to read them
 * (tests/e2e/test_trace.py: json_is_written_faster_than_read).
 */
#include "cli/json.h"

#include "cli/words.h"
#include "core/names.h"

#define PUT(out, literal) sf_put(out, literal, sizeof(literal) - 1)

static void put_string(struct sf_output *out, const char *text)
{
	if (text)
		sf_put_json(out, text, strlen(text));
	else
		PUT(out, "null");
}

/* A text field of a record, which may lack its NUL. Empty: null. */
static void put_field(struct sf_output *out, const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (length)
		sf_put_json(out, text, length);
	else
		PUT(out, "null");
}

/* Words of our own tables: nothing to escape. */
static void put_word(struct sf_output *out, const char *word)
{
	if (!word) {
		PUT(out, "null");
		return;
	}
	PUT(out, "\"");
	sf_put_text(out, word);
	PUT(out, "\"");
}

static void put_number_or_null(struct sf_output *out, bool known, uint64_t number)
{
	if (known)
		sf_put_number(out, number);
	else
		PUT(out, "null");
}

static void put_who(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_process *process = sf_reader_process(reader, seen->process);
	const struct sf_thread *thread = sf_reader_thread(reader, seen->thread);

	PUT(out, "{\"seq\":");
	sf_put_number(out, seen->seq);
	PUT(out, ",\"time_ns\":");
	sf_put_number(out, sf_arena_ns(sf_reader_arena(reader), seen->event.stamp));
	PUT(out, ",\"pid\":");
	put_number_or_null(out, process, process ? process->pid : 0);
	PUT(out, ",\"tid\":");
	put_number_or_null(out, thread, thread ? thread->tid : 0);
	PUT(out, ",\"program\":");
	if (seen->program)
		put_field(out, seen->program, SF_PROGRAM_SIZE);
	else
		PUT(out, "null");
}

/* What lifecycle events ask is of use as the numbers that other events have: processes and threads as they are named
 * there. A fork stands in the child, and names its parent. */
static void put_asked(struct sf_output *out, const struct sf_reader *reader, const struct sf_event *event)
{
	enum sf_operation operation = sf_event_operation_of(event);
	const struct sf_process *process =
	    event->what == SF_EVENT_FORK ? sf_reader_process(reader, (uint32_t)event->asked) : NULL;
	const struct sf_thread *thread =
	    event->what == SF_EVENT_THREAD ? sf_reader_thread(reader, (uint32_t)event->asked) : NULL;
	bool sized = operation == SF_SEND || operation == SF_RECV || operation == SF_LISTEN || operation == SF_POLL;

	if (operation == SF_PROCESS)
		sf_put_signed(out, (int64_t)event->asked);
	else if (process)
		sf_put_number(out, process->number);
	else if (thread)
		sf_put_number(out, thread->tid);
	else
		put_number_or_null(
		    out, sized || event->what == SF_EVENT_SIGNAL || (sf_event_is_call(event) && event->asked), event->asked);
}

static void put_call(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, const struct sf_socket *socket)
{
	const struct sf_event *event = &seen->event;
	uint32_t conn = socket ? atomic_load_explicit(&socket->conn, memory_order_relaxed) : 0;

	PUT(out, ",\"op\":");
	put_word(out, sf_event_operation(event));
	PUT(out, ",\"func\":");
	put_word(out, sf_event_is_call(event) ? sf_func_rows[event->what].name : NULL);
	PUT(out, ",\"fd\":");
	put_number_or_null(out, event->fd >= 0, (uint64_t)event->fd);
	PUT(out, ",\"conn\":");
	put_number_or_null(out, conn, conn);
	PUT(out, ",\"asked\":");
	put_asked(out, reader, event);
	const struct sf_socket *made = sf_reader_socket(reader, event->made);

	if (made && sf_event_operation_of(event) == SF_ACCEPT) {
		PUT(out, ",\"accepted\":");
		sf_put_number(out, atomic_load_explicit(&made->conn, memory_order_relaxed));
	}
}

static void put_flags(struct sf_output *out, const struct sf_event *event)
{
	char scratch[12];
	const char *flag;

	PUT(out, ",\"flags\":[");
	for (unsigned n = 0; (flag = sf_event_flag(event, n, scratch)); n++) {
		if (n)
			PUT(out, ",");
		put_word(out, flag);
	}
	PUT(out, "]");
}

static void put_result(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_event *event = &seen->event;
	const struct sf_process *process = sf_reader_process(reader, seen->process);
	enum sf_operation operation = sf_event_operation_of(event);
	char scratch[12];
	int64_t ret;

	PUT(out, ",\"ret\":");
	if (seen->fate == SF_FATE_DONE && sf_reader_result(reader, seen, &ret))
		sf_put_signed(out, ret);
	else
		PUT(out, "null");
	PUT(out, ",\"errno\":");
	put_word(out, sf_event_error(event, scratch));
	put_flags(out, event);
	PUT(out, ",\"mode\":");
	put_word(out, event->mode ? sf_mode_words[event->mode] : NULL);
	PUT(out, ",\"process\":");
	put_number_or_null(out, process, process ? process->number : 0);
	PUT(out, ",\"offset\":");
	put_number_or_null(out, event->socket && (operation == SF_SEND || operation == SF_RECV), event->offset);
}

/* Where a call was only shaped (delay, latency, rate), that is its fault; else it stands beside, as "shaped". */
static void put_fault(struct sf_output *out, const struct sf_event *event)
{
	bool shaped = !event->rule && event->shaped_rule;
	unsigned rule = shaped ? event->shaped_rule : event->rule;
	char text[128] = "";

	if (rule)
		(shaped ? sf_event_shaped : sf_event_fault)(event, text, sizeof text);
	PUT(out, ",\"rule\":");
	put_number_or_null(out, rule, rule);
	PUT(out, ",\"fault\":");
	put_string(out, *text ? text : NULL);
	PUT(out, ",\"realism\":");
	put_word(out, event->realism ? sf_realism_words[event->realism] : NULL);
}

static void put_place(struct sf_output *out, const struct sf_reader *reader, uint32_t site)
{
	char text[300];

	sf_reader_place(reader, site, text, sizeof text);
	put_string(out, *text ? text : NULL);
}

static void put_rest_of_call(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, const struct sf_socket *socket)
{
	const struct sf_event *event = &seen->event;
	char peer[160] = "", key[SF_KEY_SIZE];

	if (socket)
		sf_endpoint_print(&socket->peer, peer, sizeof peer);
	PUT(out, ",\"site\":");
	put_place(out, reader, event->site);
	PUT(out, ",\"stack\":");
	if (event->stack) {
		PUT(out, "\"");
		sf_put_hex(out, event->stack, 8);
		PUT(out, "\"");
	} else {
		PUT(out, "null");
	}
	PUT(out, ",\"key\":");
	if (socket)
		put_field(out, sf_socket_key(sf_reader_thread(reader, socket->thread), socket, key), sizeof key);
	else
		PUT(out, "null");
	PUT(out, ",\"dur_ns\":");
	put_number_or_null(out, seen->fate == SF_FATE_DONE, sf_arena_duration(sf_reader_arena(reader), event->ticks));
	PUT(out, ",\"peer\":");
	put_string(out, *peer ? peer : NULL);
	PUT(out, ",\"state\":");
	put_word(out, sf_fate_words[seen->fate]);
}

/* ---- extensions ---- */

/* The content of the extension records of one kind, as an array of `type`. */
#define EXTENSION(reader, seen, kind, buffer, type)                                                                    \
	(sf_reader_extension(reader, seen, kind, buffer, sizeof(buffer)) / sizeof(type))

static void put_frames(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	uint32_t sites[SF_EXTENSION_ROOM / sizeof(uint32_t)];
	size_t count = EXTENSION(reader, seen, SF_EXTENSION_STACK, sites, uint32_t);

	if (!count)
		return;
	PUT(out, ",\"stack_frames\":[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			PUT(out, ",");
		put_place(out, reader, sites[i]);
	}
	PUT(out, "]");
}

static void
put_rest(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, enum sf_extension_kind kind)
{
	struct sf_rest rest;

	if (sf_reader_extension(reader, seen, kind, &rest, sizeof rest) < sizeof rest)
		return;
	sf_put_text(out, kind == SF_EXTENSION_REST ? ",\"rest\":{\"length\":" : ",\"begin\":{\"length\":");
	sf_put_number(out, rest.length);
	PUT(out, ",\"digested\":");
	sf_put_number(out, rest.digested);
	PUT(out, ",\"digest\":\"");
	sf_put_hex(out, rest.digest, 16);
	PUT(out, "\",\"first_digest\":\"");
	sf_put_hex(out, rest.first_digest, 16);
	PUT(out, "\",\"address\":\"0x");
	sf_put_hex(out, rest.address, 1);
	PUT(out, "\",\"first\":\"");
	for (uint32_t i = 0; i < rest.first_length && i < sizeof rest.first; i++)
		sf_put_hex(out, rest.first[i], 2);
	PUT(out, "\"");
	if (kind == SF_EXTENSION_BEGIN) {
		PUT(out, ",\"follows\":");
		put_word(out, sf_follows_word(rest.follows));
	}
	PUT(out, "}");
}

static void put_bits(struct sf_output *out, uint32_t bits)
{
	const char *word;

	PUT(out, "[");
	for (unsigned n = 0; (word = sf_poll_bit(bits, n)); n++) {
		if (n)
			PUT(out, ",");
		put_word(out, word);
	}
	PUT(out, "]");
}

static void put_polled(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_polled polled[SF_EXTENSION_ROOM / sizeof(struct sf_polled)];
	size_t count = EXTENSION(reader, seen, SF_EXTENSION_POLL, polled, struct sf_polled);

	if (!count)
		return;
	PUT(out, ",\"polled\":[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			PUT(out, ",");
		PUT(out, "{\"fd\":");
		sf_put_signed(out, polled[i].fd);
		PUT(out, ",\"events\":");
		put_bits(out, polled[i].events);
		PUT(out, ",\"revents\":");
		put_bits(out, polled[i].revents);
		PUT(out, "}");
	}
	PUT(out, "]");
}

/* How long a wait may take at most. */
static void put_limit(struct sf_output *out, const struct sf_event *event)
{
	if (event->what >= SF_FUNC_COUNT || sf_func_rows[event->what].operation != SF_POLL ||
	    sf_func_rows[event->what].by_name_only)
		return;
	PUT(out, ",\"timeout_ns\":");
	put_number_or_null(out, event->offset != UINT64_MAX, event->offset);
}

static void put_epolled(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_epolled epolled[SF_EXTENSION_ROOM / sizeof(struct sf_epolled)];
	size_t count = EXTENSION(reader, seen, SF_EXTENSION_EPOLL, epolled, struct sf_epolled);

	for (size_t i = 0; i < count; i++) {
		sf_put_text(out, i ? ",{\"fd\":" : ",\"epolled\":[{\"fd\":");
		put_number_or_null(out, epolled[i].fd >= 0, (uint64_t)epolled[i].fd);
		PUT(out, ",\"data\":");
		sf_put_number(out, epolled[i].data);
		PUT(out, ",\"events\":");
		put_bits(out, epolled[i].events);
		PUT(out, "}");
	}
	if (count)
		PUT(out, "]");
}

static void put_text_and_address(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	char text[SF_EXTENSION_ROOM];
	size_t length = sf_reader_extension(reader, seen, SF_EXTENSION_TEXT, text, sizeof text);
	struct sf_endpoint endpoint = {0};

	if (length) {
		PUT(out, ",\"text\":");
		sf_put_json(out, text, strnlen(text, length));
	}
	if (!sf_reader_extension(reader, seen, SF_EXTENSION_ADDRESS, &endpoint, sizeof endpoint))
		return;
	sf_endpoint_print(&endpoint, text, sizeof text);
	PUT(out, ",\"address\":");
	put_string(out, *text ? text : NULL);
}

static void put_signals(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_disposition signals[SF_EXTENSION_ROOM / sizeof(struct sf_disposition)];
	size_t count = EXTENSION(reader, seen, SF_EXTENSION_SIGNAL, signals, struct sf_disposition);

	for (size_t i = 0; i < count; i++) {
		const char *name = sf_signal_name(signals[i].signal);

		sf_put_text(out, i ? ",{\"signal\":" : ",\"signals\":[{\"signal\":");
		if (name)
			put_word(out, name);
		else
			sf_put_number(out, signals[i].signal);
		sf_put_text(out, signals[i].handled ? ",\"handled\":true" : ",\"handled\":false");
		sf_put_text(out, signals[i].restart ? ",\"restart\":true" : ",\"restart\":false");
		sf_put_text(out, signals[i].ignored ? ",\"ignored\":true}" : "}");
	}
	if (count)
		PUT(out, "]");
}

static void put_waited(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_waited waited[SF_EXTENSION_ROOM / sizeof(struct sf_waited)];
	size_t count = EXTENSION(reader, seen, SF_EXTENSION_WAIT, waited, struct sf_waited);

	for (size_t i = 0; i < count; i++) {
		sf_put_text(out, i ? ",{\"pid\":" : ",\"waited\":[{\"pid\":");
		sf_put_signed(out, waited[i].pid);
		PUT(out, ",\"status\":");
		sf_put_signed(out, waited[i].status);
		PUT(out, "}");
	}
	if (count)
		PUT(out, "]");
}

static void put_given(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	struct sf_given given[SF_EXTENSION_ROOM / sizeof(struct sf_given)];
	size_t count = EXTENSION(reader, seen, SF_EXTENSION_GIVEN, given, struct sf_given);

	for (size_t i = 0; i < count; i++) {
		const struct sf_socket *socket = sf_reader_socket(reader, given[i].socket);
		uint32_t conn = socket ? atomic_load_explicit(&socket->conn, memory_order_relaxed) : 0;

		sf_put_text(out, i ? ",{\"fd\":" : ",\"given\":[{\"fd\":");
		sf_put_signed(out, given[i].fd);
		PUT(out, ",\"conn\":");
		put_number_or_null(out, conn, conn);
		PUT(out, "}");
	}
	if (count)
		PUT(out, "]");
}

static void put_shaped(struct sf_output *out, const struct sf_event *event)
{
	char text[128];

	if (!event->rule || !event->shaped_rule)
		return;
	sf_event_shaped(event, text, sizeof text);
	PUT(out, ",\"shaped\":{\"rule\":");
	sf_put_number(out, event->shaped_rule);
	PUT(out, ",\"fault\":");
	put_string(out, *text ? text : NULL);
	PUT(out, "}");
}

static void put_extensions(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	put_frames(out, reader, seen);
	put_rest(out, reader, seen, SF_EXTENSION_BEGIN);
	put_rest(out, reader, seen, SF_EXTENSION_REST);
	put_polled(out, reader, seen);
	put_epolled(out, reader, seen);
	put_text_and_address(out, reader, seen);
	put_signals(out, reader, seen);
	put_waited(out, reader, seen);
	put_given(out, reader, seen);
}

void sf_json_event(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen)
{
	const struct sf_socket *socket = sf_reader_socket(reader, seen->event.socket);

	put_who(out, reader, seen);
	put_call(out, reader, seen, socket);
	put_result(out, reader, seen);
	put_fault(out, &seen->event);
	put_rest_of_call(out, reader, seen, socket);
	put_shaped(out, &seen->event);
	if (seen->event.closed) {
		PUT(out, ",\"closed\":");
		put_word(out, sf_closed_word(seen->event.closed));
	}
	put_limit(out, &seen->event);
	if (seen->event.extensions)
		put_extensions(out, reader, seen);
	PUT(out, "}\n");
}
