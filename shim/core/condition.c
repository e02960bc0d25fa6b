/* SPDX-License-Identifier: MIT
 *
 * condition.c -- KEY=VALUE: the table of keys, their readers, and the operations that have what a key compares.
 */
#include <string.h>

#include "core/fault.h"
#include "core/near.h"
#include "core/parser.h"

const char *const sf_condition_words[SF_CONDITION_COUNT] = {
#define X(NAME, word) #word,
    SF_CONDITIONS(X)
#undef X
};

const char *const sf_per_words[SF_PER_COUNT] = {"run", "conn", "process", "thread"};

/* ---- readers ---- */

static bool read_func(struct sf_parser *p, struct sf_span value)
{
	do {
		struct sf_span name = sf_span_item(&value);
		int func = sf_func_find(name.at, name.length);
		struct sf_near near = sf_near_to(name.at, name.length);

		if (func >= 0) {
			p->rule->funcs[func / 64] |= UINT64_C(1) << (func % 64);
			continue;
		}
		if (name.length == 0)
			return sf_refuse(p, name, "a name is missing beside ','; write func=writev,sendmsg without blanks");
		for (int i = 0; i < SF_FUNC_COUNT; i++)
			sf_near_offer(&near, sf_func_rows[i].name);
		if (sf_near_found(&near))
			return sf_refuse(p, name, "unknown function '%.*s'; did you mean %s?", SF_WORD(name), sf_near_found(&near));
		return sf_refuse(p, name, "unknown function '%.*s' (see sockfault list functions)", SF_WORD(name));
	} while (value.length || value.at[-1] == ',');
	return true;
}

/* Words of one of the enums; the first of each (other, none, unknown) is never read. */
static bool read_words(
    struct sf_parser *p, struct sf_span value, const char *what, const char *const *words, unsigned count,
    uint8_t *bits)
{
	do {
		struct sf_span word = sf_span_item(&value);
		struct sf_near near = sf_near_to(word.at, word.length);
		unsigned i = 1;

		while (i < count && !sf_span_is(word, words[i]))
			i++;
		if (i < count) {
			*bits |= (uint8_t)SF_BIT(i);
			continue;
		}
		sf_near_offer_all(&near, words + 1, count - 1);
		if (sf_near_found(&near))
			return sf_refuse(p, word, "unknown %s '%.*s'; did you mean %s?", what, SF_WORD(word), sf_near_found(&near));
		return sf_refuse(
		    p, word, "unknown %s '%.*s'; expected %s, %s or %s", what, SF_WORD(word), words[1], words[2], words[3]);
	} while (value.length || value.at[-1] == ',');
	return true;
}

static bool read_family(struct sf_parser *p, struct sf_span value)
{
	return read_words(p, value, "family", sf_family_words, SF_FAMILY_COUNT, &p->rule->families);
}

static bool read_type(struct sf_parser *p, struct sf_span value)
{
	return read_words(p, value, "type", sf_type_words, SF_TYPE_COUNT, &p->rule->types);
}

static bool read_side(struct sf_parser *p, struct sf_span value)
{
	return read_words(p, value, "side", sf_side_words, SF_SIDE_COUNT, &p->rule->sides);
}

static bool read_mode(struct sf_parser *p, struct sf_span value)
{
	return read_words(p, value, "mode", sf_mode_words, SF_MODE_COUNT, &p->rule->modes);
}

static bool read_peer(struct sf_parser *p, struct sf_span value)
{
	return sf_address_read(p, value, &p->rule->peer);
}

static bool read_local(struct sf_parser *p, struct sf_span value)
{
	if (!sf_address_read(p, value, &p->rule->local))
		return false;
	if (sf_address_is_name(&p->rule->local))
		return sf_refuse(
		    p, value, "'%.*s' is no address; expected one such as *:8080 or unix:/run/*.sock", SF_WORD(value));
	return true;
}

static bool read_conn(struct sf_parser *p, struct sf_span value)
{
	return sf_scan_range(p, value, sf_scan_number, 1, &p->rule->conn);
}

static bool read_process(struct sf_parser *p, struct sf_span value)
{
	return sf_scan_range(p, value, sf_scan_number, 1, &p->rule->process);
}

/* What lineages look like is the arena's: numbers with '.', '/' or '+' between them, or '~' and the hash of a long one.
 */
static bool is_lineage(struct sf_span text)
{
	bool is_hash = text.length > 1 && text.at[0] == '~', after_digit = false;

	for (size_t i = is_hash; i < text.length; i++) {
		char c = text.at[i];
		bool is_digit = sf_is_digit(c) || (is_hash && 'a' <= c && c <= 'f');

		if (!is_digit && (is_hash || !after_digit || (c != '.' && c != '/' && c != '+')))
			return false;
		after_digit = is_digit;
	}
	return after_digit;
}

/* LINEAGE:N, as events name connections. */
static bool read_key(struct sf_parser *p, struct sf_span value)
{
	size_t colon = sf_span_find(value, ":");
	bool good = colon + 1 < value.length && is_lineage(sf_span_first(value, colon));

	for (size_t i = colon + 1; i < value.length && good; i++)
		good = sf_is_digit(value.at[i]);
	if (!good)
		return sf_refuse(p, value, "'%.*s' is no key of a connection; events show them, as key=1.3:2", SF_WORD(value));
	return sf_scan_text(p, value, &p->rule->key);
}

static bool read_program(struct sf_parser *p, struct sf_span value)
{
	return sf_scan_text(p, value, &p->rule->program);
}

static bool read_thread(struct sf_parser *p, struct sf_span value)
{
	return sf_scan_text(p, value, &p->rule->thread);
}

static bool read_caller(struct sf_parser *p, struct sf_span value)
{
	return sf_scan_text(p, value, &p->rule->caller);
}

static bool read_hex(struct sf_span word, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < word.length; i++) {
		char c = word.at[i];
		int digit = sf_is_digit(c)         ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;

		if (digit < 0 || *value >> 60)
			return false;
		*value = *value * 16 + (uint64_t)digit;
	}
	return word.length > 0;
}

/* object+0xOFFSET, as events show it, is a return address; spans are of the byte before it, which belongs to the call.
 */
static bool read_offset_site(struct sf_parser *p, struct sf_span value, size_t plus, uint64_t offset)
{
	struct sf_ruleset *set = p->set;
	struct sf_span object = sf_span_first(value, plus);

	for (size_t i = object.length; i > 0; i--)
		if (object.at[i - 1] == '/') {
			object = sf_span_from(object, i);
			break;
		}
	if (object.length == 0)
		return sf_refuse(p, value, "an object file is missing before '+': site=client+0x1a2f");
	if (offset == 0)
		return sf_refuse(p, value, "no call returns to offset 0; the site of an event is what to write here");
	if (set->site_count == SF_SITES_MAX)
		return sf_refuse(p, value, "too many sites: all rules together have at most %u", SF_SITES_MAX);
	p->rule->sites_at = set->site_count;
	p->rule->site_count = 1;
	struct sf_site_span *span = &set->sites[set->site_count++];

	span->low = span->high = offset - 1;
	return sf_pool_add(p, value, object.at, object.length, &span->object);
}

static bool read_site(struct sf_parser *p, struct sf_span value)
{
	size_t plus = value.length, colon = value.length;
	uint64_t number = 0;
	bool is_line;

	for (size_t i = 0; i + 2 < value.length; i++)
		if (memcmp(value.at + i, "+0x", 3) == 0)
			plus = i;
	if (!sf_pool_add(p, value, value.at, value.length, &p->rule->site))
		return false;
	if (plus < value.length && read_hex(sf_span_from(value, plus + 3), &number))
		return read_offset_site(p, value, plus, number);
	for (size_t i = 0; i < value.length; i++)
		if (value.at[i] == ':')
			colon = i;
	is_line = colon > 0 && colon + 1 < value.length && value.length - colon < 10;
	for (size_t i = colon + 1; i < value.length && is_line; i++) {
		is_line = sf_is_digit(value.at[i]);
		number = number * 10 + (uint64_t)(value.at[i] - '0');
	}
	if (!is_line || number == 0)
		return sf_refuse(p, value, "'%.*s' is no call site; expected object+0xOFFSET or file.c:LINE", SF_WORD(value));
	return true;
}

static bool read_offset(struct sf_parser *p, struct sf_span value)
{
	return sf_scan_range(p, value, sf_scan_size, 0, &p->rule->offset);
}

static bool read_size(struct sf_parser *p, struct sf_span value)
{
	return sf_scan_range(p, value, sf_scan_size, 0, &p->rule->size);
}

static bool read_data(struct sf_parser *p, struct sf_span value)
{
	if (value.at[0] != '"')
		return sf_refuse(p, value, "data stands between double quotes: data=\"%.*s\"", SF_WORD(value));
	return sf_scan_text(p, value, &p->rule->data);
}

static bool read_time(struct sf_parser *p, struct sf_span value)
{
	if (!sf_scan_range(p, value, sf_scan_duration, 0, &p->rule->time))
		return false;
	if (p->rule->time.low == p->rule->time.high)
		return sf_refuse(
		    p, value, "time=%.*s is a single instant; write %.*s.. (from then on) or ..%.*s (until then)",
		    SF_WORD(value), SF_WORD(value), SF_WORD(value));
	return true;
}

/* strace writes FIRST[..LAST]+[STEP]. */
static bool refuse_strace(struct sf_parser *p, struct sf_span value, size_t plus)
{
	struct sf_span range = sf_span_first(value, plus), step = sf_span_from(value, plus + 1);
	const char *dots = sf_span_find(range, "..") < range.length ? "" : "..";

	if (step.length == 0 || sf_span_is(step, "1"))
		return sf_refuse(p, value, "strace's %.*s is written nth=%.*s%s here", SF_WORD(value), SF_WORD(range), dots);
	return sf_refuse(
	    p, value, "strace's %.*s is written nth=%.*s%s/%.*s here", SF_WORD(value), SF_WORD(range), dots, SF_WORD(step));
}

static bool read_nth(struct sf_parser *p, struct sf_span value)
{
	size_t slash = sf_span_find(value, "/"), plus = sf_span_find(value, "+");
	struct sf_span range = sf_span_first(value, slash),
	               step = sf_span_from(value, slash < value.length ? slash + 1 : slash);

	if (plus < value.length)
		return refuse_strace(p, value, plus);
	if (!sf_scan_range(p, range, sf_scan_number, 1, &p->rule->nth))
		return false;
	p->rule->nth_step = 1;
	if (slash == value.length)
		return true;
	if (!sf_scan_number(p, step, &p->rule->nth_step))
		return false;
	if (p->rule->nth_step == 0)
		return sf_refuse(p, step, "a step of 0 never moves on; expected 1 or more");
	if (p->rule->nth.low == p->rule->nth.high)
		return sf_refuse(
		    p, value, "nth=%.*s is a single call, and needs no step; for more write %.*s../%.*s", SF_WORD(range),
		    SF_WORD(range), SF_WORD(step));
	return true;
}

static bool read_per(struct sf_parser *p, struct sf_span value)
{
	struct sf_near near = sf_near_to(value.at, value.length);

	for (unsigned i = 0; i < SF_PER_COUNT; i++)
		if (sf_span_is(value, sf_per_words[i])) {
			p->rule->per = (uint8_t)i;
			return true;
		}
	sf_near_offer_all(&near, sf_per_words, SF_PER_COUNT);
	if (sf_near_found(&near))
		return sf_refuse(p, value, "unknown scope '%.*s'; did you mean %s?", SF_WORD(value), sf_near_found(&near));
	return sf_refuse(p, value, "unknown scope '%.*s'; expected run, conn, process or thread", SF_WORD(value));
}

static bool read_times(struct sf_parser *p, struct sf_span value)
{
	if (!sf_scan_number(p, value, &p->rule->times))
		return false;
	return p->rule->times || sf_refuse(p, value, "a rule with times=0 never fires");
}

static bool read_chance(struct sf_parser *p, struct sf_span value)
{
	uint64_t chance;

	if (!sf_scan_percent(p, value, &chance))
		return false;
	p->rule->chance = (uint32_t)chance;
	return chance || sf_refuse(p, value, "a rule with a chance of 0 never fires");
}

/* ---- the table ---- */

#define ALL SF_ANY_OPERATION
#define MOVES (SF_BIT(SF_SEND) | SF_BIT(SF_RECV))
#define WAITS (MOVES | SF_BIT(SF_CONNECT) | SF_BIT(SF_ACCEPT))
#define CONNECTED (WAITS | SF_BIT(SF_SHUTDOWN) | SF_BIT(SF_CLOSE) | SF_BIT(SF_SOCKOPT))
#define BOUND (CONNECTED | SF_BIT(SF_BIND) | SF_BIT(SF_LISTEN))

const struct sf_condition_row sf_condition_rows[SF_CONDITION_COUNT] = {
    [SF_CONDITION_FUNC] = {read_func, ALL, "such function", "func=writev,sendmsg", false},
    [SF_CONDITION_PEER] = {read_peer, CONNECTED | SF_BIT(SF_RESOLVE), "peer", "peer=*:80", true},
    [SF_CONDITION_LOCAL] = {read_local, BOUND, "address of its own", "local=*:8080", true},
    [SF_CONDITION_FAMILY] = {read_family, BOUND | SF_BIT(SF_SOCKET), "family", "family=inet", false},
    [SF_CONDITION_TYPE] = {read_type, BOUND | SF_BIT(SF_SOCKET), "type", "type=stream", false},
    [SF_CONDITION_SIDE] = {read_side, CONNECTED | SF_BIT(SF_LISTEN), "side", "side=client", false},
    [SF_CONDITION_MODE] = {read_mode, WAITS, "mode", "mode=nonblocking", false},
    [SF_CONDITION_CONN] = {read_conn, CONNECTED, "connection", "conn=2", false},
    [SF_CONDITION_KEY] = {read_key, CONNECTED, "connection", "key=1.3:2", true},
    [SF_CONDITION_PROCESS] = {read_process, ALL, "process", "process=1", false},
    [SF_CONDITION_PROGRAM] = {read_program, ALL, "program", "program=nginx*", true},
    [SF_CONDITION_THREAD] = {read_thread, ALL, "thread", "thread=worker*", true},
    [SF_CONDITION_CALLER] = {read_caller, ALL, "caller", "caller=libcurl*", true},
    [SF_CONDITION_SITE] = {read_site, ALL, "call site", "site=client.c:42", true},
    [SF_CONDITION_OFFSET] = {read_offset, MOVES, "bytes to count", "offset=1KiB..", false},
    [SF_CONDITION_SIZE] = {read_size, MOVES, "size", "size=64..", false},
    [SF_CONDITION_DATA] = {read_data, SF_BIT(SF_SEND), "bytes to look at", "data=\"GET\"", true},
    [SF_CONDITION_TIME] = {read_time, ALL, "time", "time=2s..5s", false},
    [SF_CONDITION_NTH] = {read_nth, ALL, "ordinal", "nth=3", false},
    [SF_CONDITION_PER] = {read_per, ALL, "connection to count within", "per=conn", false},
    [SF_CONDITION_TIMES] = {read_times, ALL, "count", "times=1", false},
    [SF_CONDITION_CHANCE] = {read_chance, ALL, "chance", "chance=20%", false},
};

int sf_condition_find(const char *word, size_t length)
{
	for (int i = 0; i < SF_CONDITION_COUNT; i++)
		if (strlen(sf_condition_words[i]) == length && memcmp(sf_condition_words[i], word, length) == 0)
			return i;
	return -1;
}

static uint32_t func_operations(const struct sf_rule *rule)
{
	uint32_t operations = 0;

	for (int i = 0; i < SF_FUNC_COUNT; i++)
		if (rule->funcs[i / 64] >> (i % 64) & 1)
			operations |= SF_BIT(sf_func_rows[i].operation);
	return operations;
}

/* What resolve is asked for is a host, and sockets have no names. */
static uint32_t peer_operations(const struct sf_rule *rule)
{
	if (sf_address_is_name(&rule->peer))
		return SF_BIT(SF_RESOLVE);
	return sf_address_is_host(&rule->peer) ? CONNECTED | SF_BIT(SF_RESOLVE) : CONNECTED;
}

static uint32_t side_operations(uint8_t sides)
{
	uint32_t operations = SF_BIT(SF_SHUTDOWN) | SF_BIT(SF_CLOSE) | SF_BIT(SF_SOCKOPT);

	if (sides & (SF_BIT(SF_CLIENT) | SF_BIT(SF_SERVER)))
		operations |= MOVES;
	if (sides & SF_BIT(SF_CLIENT))
		operations |= SF_BIT(SF_CONNECT);
	if (sides & SF_BIT(SF_SERVER))
		operations |= SF_BIT(SF_ACCEPT);
	if (sides & SF_BIT(SF_LISTENER))
		operations |= SF_BIT(SF_ACCEPT) | SF_BIT(SF_LISTEN);
	return operations;
}

uint32_t sf_condition_operations(const struct sf_rule *rule, enum sf_condition condition)
{
	uint32_t operations = sf_condition_rows[condition].operations;

	if (condition == SF_CONDITION_FUNC)
		return func_operations(rule);
	if (condition == SF_CONDITION_PEER)
		return peer_operations(rule);
	if (condition == SF_CONDITION_SIDE)
		return side_operations(rule->sides);
	if (condition == SF_CONDITION_PER && rule->per == SF_PER_CONN)
		return CONNECTED;
	if (condition == SF_CONDITION_TYPE && !(rule->types & ~SF_BIT(SF_DGRAM)))
		return operations & ~(SF_BIT(SF_LISTEN) | SF_BIT(SF_ACCEPT));
	return operations;
}

/* ---- one condition ---- */

/* Words of other tools, or of no tool, for what has its place elsewhere. */
static const char *const foreign_keys[][2] = {
    {"when", "nth="},
    {"error", "': fail ECONNRESET'"},
    {"errno", "': fail ECONNRESET'"},
    {"retval", "': fake EIO'"},
    {"port", "peer=*:80"},
    {"host", "peer=1.2.3.4"},
    {"ip", "peer=1.2.3.4"},
    {"addr", "peer=1.2.3.4"},
    {"address", "peer=1.2.3.4"},
    {"dst", "peer=1.2.3.4"},
    {"src", "local=1.2.3.4"},
    {"prob", "chance=20%"},
    {"fd", "conn=2"},
    {"probability", "chance=20%"},
    {"percent", "chance=20%"},
    {"pid", "process=1"},
    {"count", "times=3"},
    {"after", "nth=4.. or time=2s.."},
    {"every", "nth=1../4"},
    {"bytes", "size=64.."},
    {"len", "size=64.."},
    {"comm", "program=NAME"},
    {"syscall", "func=writev"},
};

static bool refuse_key(struct sf_parser *p, struct sf_span key, struct sf_span value)
{
	struct sf_near near = sf_near_to(key.at, key.length);
	size_t plus = sf_span_find(value, "+");

	if (key.length == 0)
		return sf_refuse(p, (struct sf_span){key.at, 1}, "a key is missing before '='");
	if (sf_span_is(key, "when") && plus < value.length)
		return refuse_strace(p, value, plus);
	for (size_t i = 0; i < sizeof foreign_keys / sizeof foreign_keys[0]; i++)
		if (sf_span_is(key, foreign_keys[i][0]))
			return sf_refuse(
			    p, key, "unknown condition '%.*s'; it is written %s here", SF_WORD(key), foreign_keys[i][1]);
	if (sf_fault_find(key.at, key.length) >= 0)
		return sf_refuse(p, key, "'%.*s' is an action: it stands behind the ':', without '='", SF_WORD(key));
	sf_near_offer_all(&near, sf_condition_words, SF_CONDITION_COUNT);
	if (sf_near_found(&near))
		return sf_refuse(p, key, "unknown condition '%.*s'; did you mean %s?", SF_WORD(key), sf_near_found(&near));
	return sf_refuse(
	    p, key, "unknown condition '%.*s'; expected one such as peer=, nth= or chance= (see sockfault-scenario(5))",
	    SF_WORD(key));
}

/* "nth=3:reset": the colon was taken for a part of the value. */
static bool refuse_glued(struct sf_parser *p, struct sf_span value)
{
	size_t colon = sf_span_find(value, ":");

	if (colon == value.length)
		return true;
	return sf_refuse(p, sf_span_first(sf_span_from(value, colon), 1), "put a blank behind the ':'");
}

/* What can't be seen can't be printed and read again. */
static bool refuse_unprintable(struct sf_parser *p, struct sf_span value)
{
	for (size_t i = 0; i < value.length; i++)
		if ((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f)
			return sf_refuse(
			    p, sf_span_first(sf_span_from(value, i), 1),
			    "a byte that can't be printed; in quotes it is written \\xNN");
	return true;
}

bool sf_condition_read(struct sf_parser *p, struct sf_span word)
{
	size_t equals = sf_span_find(word, "=");
	struct sf_span key = sf_span_first(word, equals), value = sf_span_from(word, equals + 1);
	int condition = sf_condition_find(key.at, key.length);

	if (condition < 0)
		return refuse_key(p, key, value);
	const struct sf_condition_row *row = &sf_condition_rows[condition];

	if (p->rule->given & SF_BIT(condition))
		return sf_refuse(
		    p, word, "%s is given twice; join them into one condition, or write two rules",
		    sf_condition_words[condition]);
	if (value.length == 0)
		return sf_refuse(p, word, "the value of %s is missing: %s", sf_condition_words[condition], row->example);
	p->rule->given |= SF_BIT(condition);
	p->condition[condition] = word;
	return refuse_unprintable(p, value) && (row->is_text || refuse_glued(p, value)) && row->read(p, value);
}
