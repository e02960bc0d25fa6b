/* SPDX-License-Identifier: MIT
 *
 * test_match.c -- globs, addresses as the kernel has them, and addresses as rules have them.
 */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "core/match.h"
#include "rules.h"
#include "unit.h"

/* ---- globs ---- */

static bool glob(const char *pattern, const char *text)
{
	return sf_match_glob(pattern, strlen(pattern), text, strlen(text));
}

static void a_glob_without_magic_is_equality(void **state)
{
	(void)state;
	assert_true(glob("nginx", "nginx"));
	assert_false(glob("nginx", "nginx2"));
	assert_false(glob("nginx", "ngin"));
	assert_true(glob("", ""));
	assert_false(glob("", "a"));
}

static void a_star_is_any_text_and_a_question_mark_any_byte(void **state)
{
	(void)state;
	assert_true(glob("*", ""));
	assert_true(glob("*.so*", "libc.so.6"));
	assert_true(glob("a*b*c", "a-b-b-c"));
	assert_false(glob("a*b*c", "a-c-b"));
	assert_true(glob("/run/*.sock", "/run/a/b.sock"));
	assert_true(glob("?", "\xff"));
	assert_false(glob("?", ""));
	assert_true(glob("***?", "a"));
}

static void brackets_are_one_of_several_bytes(void **state)
{
	(void)state;
	assert_true(glob("worker-[0-9]", "worker-7"));
	assert_false(glob("worker-[0-9]", "worker-x"));
	assert_true(glob("[!0-9]", "x"));
	assert_false(glob("[^0-9]", "7"));
	assert_true(glob("[]]", "]"));
	assert_true(glob("[!]]", "a"));
	assert_true(glob("[a-]", "-"));
	assert_false(glob("[b-a]", "a"));
	assert_true(glob("[a", "[a")); /* never closed */
	assert_false(glob("[a", "a"));
}

/* Texts are not strings: what lies behind their length is not theirs. */
static void a_glob_ends_where_its_length_ends(void **state)
{
	(void)state;
	assert_true(sf_match_glob("ab*XX", 3, "abcYY", 3));
	assert_true(sf_match_glob("abXX", 2, "abYY", 2));
	assert_true(sf_match_glob("a\0b", 3, "a\0b", 3));
	assert_false(sf_match_glob("a\0b", 3, "a\0c", 3));
}

static void draw_text(uint64_t *random, const char *letters, char *text, size_t most)
{
	size_t length = rules_draw(random, most);

	for (size_t i = 0; i < length; i++)
		text[i] = letters[rules_draw(random, strlen(letters))];
	text[length] = '\0';
}

/* glibc gives up on a bracket that is never closed and ends in '-'; else it is a plain '['. */
static void globs_are_those_of_fnmatch(void **state)
{
	uint64_t random = 5;
	unsigned matched = 0;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		char pattern[12], text[10];

		draw_text(&random, "ab**??[[]]!^-", pattern, sizeof pattern);
		draw_text(&random, "abab[]!-^", text, sizeof text);
		if (pattern[0] && pattern[strlen(pattern) - 1] == '-')
			continue;
		bool want = fnmatch(pattern, text, FNM_NOESCAPE) == 0;

		if (glob(pattern, text) != want)
			fail_msg("glob '%s' on '%s': fnmatch says %s", pattern, text, want ? "yes" : "no");
		matched += want;
	}
	assert_in_range(matched, 10000, 290000);
}

static void a_glob_of_stars_takes_no_time(void **state)
{
	static char pattern[2000], text[2000];

	(void)state;
	for (unsigned i = 0; i < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 2);
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 'b';
	assert_false(sf_match_glob(pattern, sizeof pattern, text, sizeof text));
}

/* ---- from the kernel's form ---- */

static bool endpoint_of(struct sf_endpoint *endpoint, const void *address, size_t length)
{
	return sf_endpoint_from(endpoint, address, (uint32_t)length);
}

static struct sockaddr_in inet(const char *address, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
	return in;
}

static struct sockaddr_in6 inet6(const char *address, uint16_t port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
	return in6;
}

static void an_inet_address_becomes_an_endpoint(void **state)
{
	struct sockaddr_in in = inet("10.1.2.3", 8080);
	struct sf_endpoint endpoint;

	(void)state;
	assert_true(endpoint_of(&endpoint, &in, sizeof in));
	assert_int_equal(endpoint.family, SF_INET);
	assert_int_equal(endpoint.length, 4);
	assert_int_equal(endpoint.port, 8080);
	assert_memory_equal(endpoint.bytes, "\x0a\x01\x02\x03", 4);
}

static void an_inet6_address_becomes_an_endpoint(void **state)
{
	struct sockaddr_in6 in6 = inet6("2001:db8::1", 443);
	struct sf_endpoint endpoint;

	(void)state;
	assert_true(endpoint_of(&endpoint, &in6, sizeof in6));
	assert_int_equal(endpoint.family, SF_INET6);
	assert_int_equal(endpoint.length, 16);
	assert_int_equal(endpoint.port, 443);
	assert_memory_equal(endpoint.bytes, &in6.sin6_addr, 16);
}

static void a_mapped_address_is_that_of_the_network(void **state)
{
	struct sockaddr_in6 in6 = inet6("::ffff:10.1.2.3", 80);
	struct sf_endpoint endpoint;

	(void)state;
	assert_true(endpoint_of(&endpoint, &in6, sizeof in6));
	assert_int_equal(endpoint.family, SF_INET);
	assert_int_equal(endpoint.length, 4);
	assert_memory_equal(endpoint.bytes, "\x0a\x01\x02\x03", 4);
	in6 = inet6("::fffe:10.1.2.3", 80);
	assert_true(endpoint_of(&endpoint, &in6, sizeof in6));
	assert_int_equal(endpoint.family, SF_INET6);
}

static void a_path_ends_at_its_nul_or_at_the_length(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sf_endpoint endpoint;

	(void)state;
	memset(un.sun_path, 'p', sizeof un.sun_path); /* as long as can be, without a NUL */
	assert_true(endpoint_of(&endpoint, &un, sizeof un));
	assert_int_equal(endpoint.family, SF_UNIX);
	assert_int_equal(endpoint.length, sizeof un.sun_path);
	assert_true(endpoint_of(&endpoint, &un, sizeof un + 100));
	assert_int_equal(endpoint.length, sizeof un.sun_path);
	assert_true(endpoint_of(&endpoint, &un, offsetof(struct sockaddr_un, sun_path) + 3));
	assert_int_equal(endpoint.length, 3);
	snprintf(un.sun_path, sizeof un.sun_path, "/run/x");
	assert_true(endpoint_of(&endpoint, &un, sizeof un));
	assert_int_equal(endpoint.length, 6);
	assert_memory_equal(endpoint.path, "/run/x", 6);
	assert_false(endpoint.abstract);
}

static void an_abstract_name_is_all_of_its_bytes(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "\0na\0me"};
	struct sf_endpoint endpoint;

	(void)state;
	assert_true(endpoint_of(&endpoint, &un, offsetof(struct sockaddr_un, sun_path) + 6));
	assert_true(endpoint.abstract);
	assert_int_equal(endpoint.length, 5);
	assert_memory_equal(endpoint.path, "na\0me", 5);
	assert_true(endpoint_of(&endpoint, &un, offsetof(struct sockaddr_un, sun_path)));
	assert_false(endpoint.abstract); /* it has no name at all */
	assert_int_equal(endpoint.length, 0);
}

static void what_the_kernel_would_refuse_is_no_endpoint(void **state)
{
	struct sockaddr_in in = inet("10.1.2.3", 80);
	struct sockaddr_in6 in6 = inet6("::1", 80);
	struct sockaddr other = {.sa_family = AF_NETLINK};
	struct sf_endpoint endpoint;

	(void)state;
	assert_false(endpoint_of(&endpoint, NULL, sizeof in));
	assert_false(endpoint_of(&endpoint, (void *)8, sizeof in));
	assert_false(endpoint_of(&endpoint, &in, 0));
	assert_false(endpoint_of(&endpoint, &in, 1));
	assert_false(endpoint_of(&endpoint, &in, sizeof in - 1));
	assert_false(endpoint_of(&endpoint, &in6, sizeof in6 - 1));
	assert_false(endpoint_of(&endpoint, &other, sizeof other));
	assert_int_equal(endpoint.family, SF_FAMILY_OTHER);
	assert_int_equal(endpoint.length, 0);
}

static void families_and_types_are_ours(void **state)
{
	(void)state;
	assert_int_equal(sf_family_of(AF_INET), SF_INET);
	assert_int_equal(sf_family_of(AF_INET6), SF_INET6);
	assert_int_equal(sf_family_of(AF_UNIX), SF_UNIX);
	assert_int_equal(sf_family_of(AF_NETLINK), SF_FAMILY_OTHER);
	assert_int_equal(sf_type_of(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC), SF_STREAM);
	assert_int_equal(sf_type_of(SOCK_DGRAM | SOCK_CLOEXEC), SF_DGRAM);
	assert_int_equal(sf_type_of(SOCK_SEQPACKET), SF_SEQPACKET);
	assert_int_equal(sf_type_of(SOCK_RAW), SF_TYPE_OTHER);
}

/* ---- against the rule's form ---- */

static bool peer_matches(const char *peer, const void *address, size_t length)
{
	char text[256];
	struct sf_endpoint endpoint;

	snprintf(text, sizeof text, "recv peer=%s: reset", peer);
	const struct sf_ruleset *set = rules_parsed(text);

	endpoint_of(&endpoint, address, length);
	return sf_match_endpoint(set, &set->rules[0].peer, &endpoint);
}

static bool inet_matches(const char *peer, const char *address, uint16_t port)
{
	struct sockaddr_in in = inet(address, port);

	return peer_matches(peer, &in, sizeof in);
}

static bool inet6_matches(const char *peer, const char *address, uint16_t port)
{
	struct sockaddr_in6 in6 = inet6(address, port);

	return peer_matches(peer, &in6, sizeof in6);
}

static bool unix_matches(const char *peer, const char *path, size_t length)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, path, length);
	return peer_matches(peer, &un, offsetof(struct sockaddr_un, sun_path) + length);
}

static void ports_are_one_or_a_range(void **state)
{
	(void)state;
	assert_true(inet_matches("*:80", "10.1.2.3", 80));
	assert_false(inet_matches("*:80", "10.1.2.3", 81));
	assert_true(inet_matches("127.0.0.1:8000-8010", "127.0.0.1", 8000));
	assert_true(inet_matches("127.0.0.1:8000-8010", "127.0.0.1", 8010));
	assert_false(inet_matches("127.0.0.1:8000-8010", "127.0.0.1", 7999));
	assert_false(inet_matches("127.0.0.1:8000-8010", "127.0.0.1", 8011));
	assert_true(inet_matches("127.0.0.1", "127.0.0.1", 0));
	assert_true(inet_matches("127.0.0.1", "127.0.0.1", 65535));
	assert_true(inet6_matches("*:65535", "::1", 65535));
}

static void prefixes_count_their_bits_and_no_more(void **state)
{
	(void)state;
	assert_true(inet_matches("10.0.0.0/8", "10.255.255.255", 1));
	assert_false(inet_matches("10.0.0.0/8", "11.0.0.0", 1));
	assert_true(inet_matches("192.168.16.0/20:80", "192.168.31.255", 80));
	assert_false(inet_matches("192.168.16.0/20:80", "192.168.32.0", 80));
	assert_false(inet_matches("192.168.16.0/20:80", "192.168.15.255", 80));
	assert_true(inet_matches("1.2.3.4/31", "1.2.3.5", 80));
	assert_false(inet_matches("1.2.3.4/31", "1.2.3.6", 80));
	assert_false(inet_matches("1.2.3.4", "1.2.3.5", 80));
	assert_true(inet_matches("0.0.0.0/0", "255.1.2.3", 80));
	assert_false(inet6_matches("0.0.0.0/0", "::1", 80));
	assert_true(inet6_matches("[2001:db8::]/33", "2001:db8:7fff::", 80));
	assert_false(inet6_matches("[2001:db8::]/33", "2001:db8:8000::", 80));
}

static void each_prefix_length_is_a_bit_more(void **state)
{
	(void)state;
	for (unsigned bits = 1; bits <= 32; bits++) {
		char peer[32];
		struct sockaddr_in in = inet("0.0.0.0", 80);

		snprintf(peer, sizeof peer, "0.0.0.0/%u", bits);
		assert_true(peer_matches(peer, &in, sizeof in));
		in.sin_addr.s_addr = htonl(UINT32_C(1) << (32 - bits)); /* the last bit that counts */
		assert_false(peer_matches(peer, &in, sizeof in));
		in.sin_addr.s_addr = bits == 32 ? 0 : htonl(UINT32_C(1) << (31 - bits)); /* the first that does not */
		assert_true(peer_matches(peer, &in, sizeof in));
	}
}

static void a_star_is_any_inet_address_and_nothing_else(void **state)
{
	(void)state;
	assert_true(inet_matches("*:80", "1.2.3.4", 80));
	assert_true(inet6_matches("*:80", "2001:db8::1", 80));
	assert_true(inet_matches("*", "1.2.3.4", 0));
	assert_false(unix_matches("*:80", "/run/x", 6));
	assert_false(unix_matches("*", "/run/x", 6));
}

static void a_mapped_peer_is_met_by_its_inet_address(void **state)
{
	(void)state;
	assert_true(inet6_matches("10.1.2.3:80", "::ffff:10.1.2.3", 80));
	assert_true(inet6_matches("10.0.0.0/8", "::ffff:10.1.2.3", 80));
	assert_false(inet6_matches("[::]/1", "::ffff:10.1.2.3", 80));
}

static void unix_paths_are_globs(void **state)
{
	(void)state;
	assert_true(unix_matches("unix:/run/*.sock", "/run/db.sock", 12));
	assert_false(unix_matches("unix:/run/*.sock", "/run/db.socket", 14));
	assert_true(unix_matches("unix:/run/db.sock", "/run/db.sock", 13)); /* with its NUL */
	assert_false(inet_matches("unix:*", "1.2.3.4", 80));
}

static void abstract_names_and_paths_are_two_things(void **state)
{
	(void)state;
	assert_true(unix_matches("unix:@name*", "\0name-5", 7));
	assert_false(unix_matches("unix:@name*", "name-5", 6));
	assert_false(unix_matches("unix:name*", "\0name-5", 7));
	assert_false(unix_matches("unix:@*", "", 0)); /* has no name */
}

static void an_address_that_is_not_known_matches_nothing(void **state)
{
	(void)state;
	assert_false(peer_matches("*:80", NULL, 0));
	assert_false(peer_matches("*", NULL, 0));
	assert_false(peer_matches("0.0.0.0/0", NULL, 0));
	assert_false(peer_matches("unix:*", NULL, 0));
}

/* ---- bit sets ---- */

static void bits_of_an_operation_are_those_of_its_rules(void **state)
{
	char text[70 * 32] = "";
	uint64_t bits[2] = {UINT64_MAX, UINT64_MAX};

	(void)state;
	for (unsigned i = 0; i < 70; i++)
		strcat(text, i % 3 ? "send nth=1: short 5\n" : "send,recv nth=2: reset\n");
	const struct sf_ruleset *set = rules_parsed(text);

	assert_int_equal(sf_rule_words(set), 2);
	sf_match_operation(set, SF_RECV, bits);
	for (unsigned i = 0; i < 70; i++)
		assert_int_equal(sf_bit_get(bits, i), i % 3 == 0);
	assert_int_equal(bits[1] >> 6, 0);
}

static void bits_of_a_process_are_its_number_and_program(void **state)
{
	const struct sf_ruleset *set =
	    rules_parsed("recv process=2..3: reset\nrecv program=ngin*: reset\nrecv nth=1: reset\nrecv process=9: eof");
	struct sf_process process = {.number = 3, .program = "nginx"};
	uint64_t bits[1];

	(void)state;
	sf_match_process(set, &process, bits);
	assert_int_equal(bits[0], 7);
	process = (struct sf_process){.number = 9, .program = "curl"};
	sf_match_process(set, &process, bits);
	assert_int_equal(bits[0], 12);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(a_glob_without_magic_is_equality),
	    HOLDS(a_star_is_any_text_and_a_question_mark_any_byte),
	    HOLDS(brackets_are_one_of_several_bytes),
	    HOLDS(a_glob_ends_where_its_length_ends),
	    HOLDS(globs_are_those_of_fnmatch),
	    HOLDS(a_glob_of_stars_takes_no_time),
	    HOLDS(an_inet_address_becomes_an_endpoint),
	    HOLDS(an_inet6_address_becomes_an_endpoint),
	    HOLDS(a_mapped_address_is_that_of_the_network),
	    HOLDS(a_path_ends_at_its_nul_or_at_the_length),
	    HOLDS(an_abstract_name_is_all_of_its_bytes),
	    HOLDS(what_the_kernel_would_refuse_is_no_endpoint),
	    HOLDS(families_and_types_are_ours),
	    HOLDS(ports_are_one_or_a_range),
	    HOLDS(prefixes_count_their_bits_and_no_more),
	    HOLDS(each_prefix_length_is_a_bit_more),
	    HOLDS(a_star_is_any_inet_address_and_nothing_else),
	    HOLDS(a_mapped_peer_is_met_by_its_inet_address),
	    HOLDS(unix_paths_are_globs),
	    HOLDS(abstract_names_and_paths_are_two_things),
	    HOLDS(an_address_that_is_not_known_matches_nothing),
	    HOLDS(bits_of_an_operation_are_those_of_its_rules),
	    HOLDS(bits_of_a_process_are_its_number_and_program),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
