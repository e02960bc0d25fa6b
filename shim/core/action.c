/* SPDX-License-Identifier: MIT
 *
 * action.c -- what follows the colon: kinds of fault and their arguments, by the metadata of fault/. No kind is named
 * here but in the hints for other people's words.
 */
#include <string.h>

#include "core/fault.h"
#include "core/names.h"
#include "core/near.h"
#include "core/parser.h"

/* ---- arguments ---- */

/* The nearest of the names that a table gives for 1..last. */
static const char *near_name(struct sf_span word, const char *(*name)(int), int last, size_t skip)
{
	struct sf_near near = sf_near_to(word.at, word.length);

	for (int i = 1; i <= last; i++)
		if (name(i))
			sf_near_offer(&near, name(i) + skip);
	return sf_near_found(&near);
}

/* A number where a name is wanted; -1: it is none. */
static int plain_number(struct sf_span word)
{
	int number = 0;

	for (size_t i = 0; i < word.length; i++) {
		if (!sf_is_digit(word.at[i]) || number > 9999)
			return -1;
		number = number * 10 + (word.at[i] - '0');
	}
	return word.length ? number : -1;
}

static bool refuse_name(
    struct sf_parser *p, struct sf_span word, const char *what, const char *(*name)(int), int last, const char *other)
{
	int number = plain_number(word);
	const char *near = near_name(word, name, last, 0);

	if (number > 0 && name(number))
		return sf_refuse(p, word, "write the %s by its name: %s", what, name(number));
	if (near || other)
		return sf_refuse(p, word, "unknown %s '%.*s'; did you mean %s?", what, SF_WORD(word), near ? near : other);
	return sf_refuse(p, word, "unknown %s '%.*s'", what, SF_WORD(word));
}

static bool read_errno(struct sf_parser *p, struct sf_span word, struct sf_argument *argument)
{
	int number = sf_errno_find(word.at, word.length);

	argument->unit = SF_UNIT_ERRNO;
	if (number < 0) {
		argument->unit = SF_UNIT_EAI;
		number = sf_eai_find(word.at, word.length);
	}
	if (number < 0)
		return refuse_name(p, word, "errno", sf_errno_name, 133, near_name(word, sf_eai_name, 105, 0));
	argument->low = argument->high = (uint64_t)number;
	return true;
}

static bool read_signal(struct sf_parser *p, struct sf_span word, struct sf_argument *argument)
{
	int number = sf_signal_find(word.at, word.length);

	argument->unit = SF_UNIT_SIGNAL;
	if (number < 0)
		return refuse_name(p, word, "signal", sf_signal_name, 64, near_name(word, sf_signal_name, 64, strlen("SIG")));
	argument->low = argument->high = (uint64_t)number;
	return true;
}

static bool read_rate(struct sf_parser *p, struct sf_span word, struct sf_argument *argument)
{
	size_t slash = sf_span_find(word, "/");

	argument->unit = SF_UNIT_RATE;
	if (!sf_span_is(sf_span_from(word, slash), "/s"))
		return sf_refuse(p, word, "a rate is a size for each second: %.*s/s", (int)(slash < 48 ? slash : 48), word.at);
	if (!sf_scan_size(p, sf_span_first(word, slash), &argument->low))
		return false;
	argument->high = argument->low;
	return argument->low || sf_refuse(p, word, "a rate of 0 lets nothing pass; write stall");
}

/* A number, or LOW..HIGH where the kind takes that; both ends are needed: one is drawn between them. */
static bool
read_amount(struct sf_parser *p, struct sf_span word, sf_scan *scan, bool ranged, struct sf_argument *argument)
{
	struct sf_range range;
	size_t dots = sf_span_find(word, "..");

	if (!ranged && dots < word.length)
		return sf_refuse(p, word, "expected one value here, not the range '%.*s'", SF_WORD(word));
	if (dots == 0 || dots + 2 == word.length)
		return sf_refuse(
		    p, word, "both ends of '%.*s' are needed: each time one value between them is drawn", SF_WORD(word));
	if (!sf_scan_range(p, word, scan, 0, &range))
		return false;
	argument->low = range.low;
	argument->high = range.high;
	return true;
}

static bool
read_argument(struct sf_parser *p, const struct sf_fault *fault, struct sf_span word, struct sf_argument *argument)
{
	if (fault->units & SF_BIT(SF_UNIT_ERRNO))
		return read_errno(p, word, argument);
	if (fault->units & SF_BIT(SF_UNIT_SIGNAL))
		return read_signal(p, word, argument);
	if (fault->units & SF_BIT(SF_UNIT_RATE))
		return read_rate(p, word, argument);
	if (fault->units & SF_BIT(SF_UNIT_PERCENT) && word.at[word.length - 1] == '%') {
		argument->unit = SF_UNIT_PERCENT;
		return read_amount(p, word, sf_scan_percent, false, argument);
	}
	if (fault->units & SF_BIT(SF_UNIT_BYTES)) {
		argument->unit = SF_UNIT_BYTES;
		return read_amount(p, word, sf_scan_size, fault->ranged, argument);
	}
	if (fault->units & SF_BIT(SF_UNIT_DURATION)) {
		argument->unit = SF_UNIT_DURATION;
		return read_amount(p, word, sf_scan_duration, fault->ranged, argument);
	}
	argument->unit = SF_UNIT_COUNT;
	return read_amount(p, word, sf_scan_number, fault->ranged, argument);
}

/* ---- actions ---- */

static const char *const foreign_kinds[][2] = {
    {"error", "fail ERRNO"},
    {"errno", "fail ERRNO"},
    {"retval", "fake ERRNO"},
    {"rst", "reset"},
    {"fin", "eof"},
    {"end", "eof"},
    {"close", "closed"},
    {"disconnect", "closed"},
    {"sleep", "delay 10ms"},
    {"slow", "latency 100ms"},
    {"lag", "latency 100ms"},
    {"timeout", "stall, or fail ETIMEDOUT"},
    {"hang", "stall"},
    {"block", "stall"},
    {"silence", "stall"},
    {"partial", "short 1"},
    {"split", "short 1"},
    {"loss", "drop"},
    {"lose", "drop"},
    {"dup", "duplicate"},
    {"bandwidth", "rate 64KiB/s"},
    {"throttle", "rate 64KiB/s"},
    {"kill", "signal SIGKILL"},
    {"skip", "pass"},
    {"allow", "pass"},
    {"none", "pass"},
    {"refuse", "fail ECONNREFUSED"},
    {"flip", "corrupt"},
};

static bool refuse_colon(struct sf_parser *p, struct sf_span word)
{
	struct sf_span colon = sf_span_first(sf_span_from(word, sf_span_find(word, ":")), 1);

	return sf_refuse(p, colon, "a second ':'; actions have ',' between them");
}

static bool refuse_kind(struct sf_parser *p, struct sf_span word)
{
	struct sf_near near = sf_near_to(word.at, word.length);
	size_t equals = sf_span_find(word, "=");

	if (sf_span_find(word, ":") < word.length)
		return refuse_colon(p, word);
	if (sf_errno_find(word.at, word.length) >= 0 || sf_eai_find(word.at, word.length) >= 0)
		return sf_refuse(p, word, "an errno alone is no action; write fail %.*s", SF_WORD(word));
	if (sf_condition_find(word.at, equals) >= 0)
		return sf_refuse(p, word, "'%.*s' is a condition; conditions stand before the ':'", SF_WORD(word));
	for (size_t i = 0; i < sizeof foreign_kinds / sizeof foreign_kinds[0]; i++)
		if (sf_span_is(word, foreign_kinds[i][0]))
			return sf_refuse(
			    p, word, "unknown action '%.*s'; it is written %s here", SF_WORD(word), foreign_kinds[i][1]);
	sf_near_offer_all(&near, sf_fault_words, SF_FAULT_COUNT);
	if (sf_near_found(&near))
		return sf_refuse(p, word, "unknown action '%.*s'; did you mean %s?", SF_WORD(word), sf_near_found(&near));
	return sf_refuse(
	    p, word, "unknown action '%.*s'; expected one such as fail, short or reset (see sockfault list faults)",
	    SF_WORD(word));
}

static struct sf_span next_word(struct sf_parser *p)
{
	struct sf_span word = {p->at, 0};

	while (p->at < p->end && sf_is_blank(*p->at))
		p->at++;
	word.at = p->at;
	while (p->at < p->end && !sf_is_blank(*p->at) && *p->at != ',')
		p->at++;
	word.length = (size_t)(p->at - word.at);
	return word;
}

static bool is_unit(struct sf_span word)
{
	static const char *const units[] = {"us", "ms", "s", "B", "KiB", "MiB", "%", "/s", "KiB/s", "MiB/s", "B/s"};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (sf_span_is(word, units[i]))
			return true;
	return false;
}

static bool read_second(struct sf_parser *p, struct sf_span kind, struct sf_span first)
{
	struct sf_span second = next_word(p);

	if (second.length == 0)
		return true;
	if (second.at[0] == ':')
		return refuse_colon(p, second);
	if (is_unit(second))
		return sf_refuse(p, second, "no blank between number and unit: %.*s%.*s", SF_WORD(first), SF_WORD(second));
	if (sf_fault_find(second.at, second.length) >= 0)
		return sf_refuse(p, second, "a ',' is missing before '%.*s'", SF_WORD(second));
	return sf_refuse(p, second, "%.*s takes one argument, and '%.*s' is a second", SF_WORD(kind), SF_WORD(second));
}

static bool refuse_needless_argument(struct sf_parser *p, struct sf_span kind, struct sf_span word)
{
	if (word.at[0] == ':')
		return refuse_colon(p, word);
	if (sf_fault_find(word.at, word.length) >= 0)
		return sf_refuse(p, word, "a ',' is missing before '%.*s'", SF_WORD(word));
	return sf_refuse(p, word, "%.*s takes no argument, but '%.*s' follows", SF_WORD(kind), SF_WORD(word));
}

static bool read_action(struct sf_parser *p, struct sf_span kind, struct sf_action *action)
{
	int found = sf_fault_find(kind.at, kind.length);
	struct sf_span word;

	if (found < 0)
		return refuse_kind(p, kind);
	const struct sf_fault *fault = sf_faults[found];

	action->kind = (uint8_t)found;
	word = next_word(p);
	if (word.length == 0) {
		if (fault->units & SF_BIT(SF_UNIT_NONE))
			return true;
		return sf_refuse(p, kind, "%.*s needs its argument: %s", SF_WORD(kind), fault->usage);
	}
	if (fault->units == SF_BIT(SF_UNIT_NONE))
		return refuse_needless_argument(p, kind, word);
	return read_second(p, kind, word) && read_argument(p, fault, word, &action->argument);
}

bool sf_actions_read(struct sf_parser *p)
{
	const char *before = p->at - 1; /* the colon or comma */

	for (;;) {
		struct sf_span kind = next_word(p);
		uint8_t n = p->rule->action_count;

		if (kind.length == 0)
			return sf_refuse(
			    p, (struct sf_span){before, 1}, "an action is missing behind '%c', such as fail ECONNRESET or short 1",
			    *before);
		if (n == SF_ACTIONS_MAX)
			return sf_refuse(p, kind, "too many actions; a rule has at most %u", SF_ACTIONS_MAX);
		if (!read_action(p, kind, &p->rule->actions[n]))
			return false;
		const char *end = p->at;

		while (end > kind.at && sf_is_blank(end[-1]))
			end--;
		p->action[n] = (struct sf_span){kind.at, (size_t)(end - kind.at)};
		p->rule->action_count++;
		if (p->at == p->end)
			return true;
		before = p->at++;
	}
}
