/* SPDX-License-Identifier: MIT
 *
 * address.c -- the values of peer= and local=: 1.2.3.4, 10.0.0.0/8, *:80, 127.0.0.1:8000-8010, [::1]:443,
 * unix:/run/x.sock, unix:@name, and the names that resolve is asked for.
 */
#include <string.h>

#include "core/parser.h"

bool sf_address_is_name(const struct sf_address *address)
{
	return address->family == SF_FAMILY_COUNT;
}

bool sf_address_is_host(const struct sf_address *address)
{
	unsigned whole = address->family == SF_INET ? 32 : address->family == SF_INET6 ? 128 : 0;

	return address->family != SF_UNIX && address->any_port && address->prefix == whole;
}

static bool contains_only(struct sf_span span, const char *bytes)
{
	for (size_t i = 0; i < span.length; i++)
		if (!span.at[i] || !strchr(bytes, span.at[i]))
			return false;
	return true;
}

static size_t count_of(struct sf_span span, char c)
{
	size_t count = 0;

	for (size_t i = 0; i < span.length; i++)
		count += span.at[i] == c;
	return count;
}

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"

static bool small_number(struct sf_span span, uint32_t most, uint32_t *value)
{
	*value = 0;
	if (span.length == 0 || span.length > 5 || !contains_only(span, DIGITS))
		return false;
	for (size_t i = 0; i < span.length; i++)
		*value = *value * 10 + (uint32_t)(span.at[i] - '0');
	return *value <= most;
}

static bool read_ports(struct sf_parser *p, struct sf_span ports, struct sf_address *address)
{
	size_t dash = sf_span_find(ports, "-");
	uint32_t low, high;

	if (sf_span_find(ports, "..") < ports.length)
		return sf_refuse(p, ports, "a range of ports is written 8000-8010");
	if (!small_number(sf_span_first(ports, dash), 65535, &low))
		return sf_refuse(p, ports, "expected a port from 0 to 65535, not '%.*s'", SF_WORD(ports));
	high = low;
	if (dash < ports.length && !small_number(sf_span_from(ports, dash + 1), 65535, &high))
		return sf_refuse(p, ports, "expected ports such as 8000-8010, not '%.*s'", SF_WORD(ports));
	if (low > high)
		return sf_refuse(p, ports, "the range is empty: %u is more than %u; write %u-%u", low, high, high, low);
	address->port_low = (uint16_t)low;
	address->port_high = (uint16_t)high;
	return true;
}

/* What follows the host: nothing, /BITS, :PORT, /BITS:PORT. */
static bool read_tail(struct sf_parser *p, struct sf_span tail, unsigned bits, struct sf_address *address)
{
	size_t colon = sf_span_find(tail, ":");
	struct sf_span mask = sf_span_first(tail, colon);
	uint32_t prefix = bits;

	if (mask.length && bits == 0)
		return sf_refuse(p, mask, "'*' is any address already; expected *:PORT, not '%.*s'", SF_WORD(mask));
	if (mask.length && mask.at[0] != '/')
		return sf_refuse(p, mask, "expected :PORT or /BITS here, not '%.*s'", SF_WORD(mask));
	if (mask.length && (!small_number(sf_span_from(mask, 1), bits, &prefix)))
		return sf_refuse(
		    p, mask, "expected a network of up to %u bits such as /%u, not '%.*s'", bits, bits / 4, SF_WORD(mask));
	address->prefix = (uint8_t)prefix;
	address->any_port = colon == tail.length;
	return address->any_port || read_ports(p, sf_span_from(tail, colon + 1), address);
}

static bool read_inet(struct sf_parser *p, struct sf_span value, size_t host_length, struct sf_address *address)
{
	struct sf_span host = sf_span_first(value, host_length), rest = host;

	address->family = SF_INET;
	for (unsigned i = 0; i < 4; i++) {
		size_t dot = sf_span_find(rest, ".");
		uint32_t byte;

		if ((i < 3) != (dot < rest.length) || !small_number(sf_span_first(rest, dot), 255, &byte))
			return sf_refuse(p, host, "'%.*s' is no IPv4 address: it has four numbers from 0 to 255", SF_WORD(host));
		address->bytes[i] = (uint8_t)byte;
		rest = sf_span_from(rest, dot < rest.length ? dot + 1 : dot);
	}
	return read_tail(p, sf_span_from(value, host_length), 32, address);
}

static bool read_group(struct sf_span group, uint8_t *bytes)
{
	unsigned value = 0;

	if (group.length == 0 || group.length > 4 || !contains_only(group, HEX))
		return false;
	for (size_t i = 0; i < group.length; i++) {
		char c = group.at[i];

		value = value * 16 + (unsigned)(sf_is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
	return true;
}

/* Groups between colons from the beginning of the span; how many, or -1. */
static int read_groups(struct sf_span span, uint8_t bytes[16])
{
	int count = 0;

	while (span.length) {
		size_t colon = sf_span_find(span, ":");

		if (count == 8 || colon + 1 == span.length || !read_group(sf_span_first(span, colon), bytes + 2 * count))
			return -1;
		count++;
		span = sf_span_from(span, colon < span.length ? colon + 1 : colon);
	}
	return count;
}

static bool read_inet6_bytes(struct sf_span host, uint8_t bytes[16])
{
	size_t gap = sf_span_find(host, "::");
	uint8_t tail[16];
	int before, after;

	if (gap == host.length)
		return read_groups(host, bytes) == 8;
	before = read_groups(sf_span_first(host, gap), bytes);
	after = read_groups(sf_span_from(host, gap + 2), tail);
	if (before < 0 || after < 0 || before + after > 7)
		return false;
	memset(bytes + 2 * before, 0, 16 - 2 * (size_t)before);
	memcpy(bytes + 16 - 2 * after, tail, 2 * (size_t)after);
	return true;
}

static bool read_inet6(struct sf_parser *p, struct sf_span value, struct sf_address *address)
{
	size_t close = sf_span_find(value, "]");
	struct sf_span host = sf_span_from(sf_span_first(value, close), 1);

	address->family = SF_INET6;
	if (close == value.length)
		return sf_refuse(p, value, "the closing ']' is missing");
	if (!read_inet6_bytes(host, address->bytes))
		return sf_refuse(p, host, "'%.*s' is no IPv6 address", SF_WORD(host));
	return read_tail(p, sf_span_from(value, close + 1), 128, address);
}

static bool read_unix(struct sf_parser *p, struct sf_span value, struct sf_address *address)
{
	struct sf_span path = sf_span_from(value, value.length < 5 ? 4 : 5); /* "unix" or "unix:..." */

	address->family = SF_UNIX;
	address->abstract = path.length && path.at[0] == '@';
	path = sf_span_from(path, address->abstract);
	if (path.length == 0)
		return sf_refuse(p, value, "a path is missing: unix:/run/*.sock, or unix:@name for an abstract one");
	return sf_pool_add(p, value, path.at, path.length, &address->path);
}

/* What people write instead of an address. */
static bool refuse_foreign(struct sf_parser *p, struct sf_span value)
{
	if (value.at[0] == '"')
		return sf_refuse(p, value, "an address stands without quotes; '?' in the path of a Unix socket meets a blank");
	if (contains_only(sf_span_from(value, value.at[0] == ':'), DIGITS))
		return sf_refuse(p, value, "a port alone is written *:%.*s", SF_WORD(sf_span_from(value, value.at[0] == ':')));
	if (value.at[0] == '/' || value.at[0] == '@')
		return sf_refuse(p, value, "a Unix socket is written unix:%.*s", SF_WORD(value));
	if (count_of(value, ':') > 1 && contains_only(value, HEX ":."))
		return sf_refuse(p, value, "an IPv6 address stands in brackets: [%.*s]", SF_WORD(value));
	if (count_of(value, ':') || count_of(value, '/'))
		return sf_refuse(
		    p, value,
		    "'%.*s' is no address; expected one such as 10.0.0.0/8, 1.2.3.4:80, *:80, [::1]:443 or unix:/path",
		    SF_WORD(value));
	return true;
}

bool sf_address_read(struct sf_parser *p, struct sf_span value, struct sf_address *address)
{
	size_t host_length = 0;

	memset(address, 0, sizeof *address);
	if (!sf_pool_add(p, value, value.at, value.length, &address->written))
		return false;
	if (value.at[value.length - 1] == ':')
		return sf_refuse(p, value, "an address can't end in ':'; in the path of a Unix socket '?' stands for it");
	if (sf_span_is(value, "unix") || (value.length >= 5 && memcmp(value.at, "unix:", 5) == 0))
		return read_unix(p, value, address);
	if (value.at[0] == '[')
		return read_inet6(p, value, address);
	while (host_length < value.length && value.at[host_length] != ':' && value.at[host_length] != '/')
		host_length++;
	if (sf_span_is(sf_span_first(value, host_length), "*"))
		return read_tail(p, sf_span_from(value, 1), 0, address);
	if (host_length && contains_only(sf_span_first(value, host_length), DIGITS ".") && count_of(value, '.') &&
	    value.at[0] != '.')
		return read_inet(p, value, host_length, address);
	if (!refuse_foreign(p, value))
		return false;
	address->family = SF_FAMILY_COUNT;
	address->any_port = true;
	return true;
}
