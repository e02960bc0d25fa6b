/* SPDX-License-Identifier: MIT
 *
 * test_findings_waiting.c -- the findings on programs that wait, serve and share, and on runs as a whole, on runs told
 * by hand (told.h).
 */
#include <string.h>

#include "told.h"
#include "unit.h"

static void wait_interrupted_stale(void **state)
{
	expect(&(struct told){
	    .finding = "wait-interrupted-stale",
	    .story =
	        {"socketpair = 3 4", "socketpair = 5 6", "poll = -1 EINTR polled=3:IN,5:IN", "recv 3 10 = 4 took=900",
	         "close 3 = 0"},
	    .said = {4},
	    .says = "0.9 s"});
	/* It never came back. */
	expect(&(struct told){
	    .finding = "wait-interrupted-stale",
	    .story = {"socketpair = 3 4", "poll = -1 EINTR polled=3:IN limit=300", "recv 3 10", "killed SIGKILL"},
	    .said = {3},
	    .over_at = 5000});
	/* Waited again; did not wait; does not block; was for writing; had nothing else to do. */
	static const char *const right[][TOLD_LINES] = {
	    {"socketpair = 3 4", "socketpair = 5 6", "poll = -1 EINTR polled=3:IN,5:IN", "poll = 1 polled=3:IN:IN,5:IN",
	     "recv 3 10 = 4 took=900"},
	    {"socketpair = 3 4", "socketpair = 5 6", "poll = -1 EINTR polled=3:IN,5:IN", "recv 3 10 = 4"},
	    {"socketpair = 3 4", "socketpair = 5 6", "poll = -1 EINTR polled=3:IN,5:IN",
	     "recv 3 10 = 4 took=900 nonblocking"},
	    {"socketpair = 3 4", "socketpair = 5 6", "poll = -1 EINTR polled=3:OUT,5:IN", "recv 3 10 = 4 took=900"},
	    {"socketpair = 3 4", "poll = -1 EINTR polled=3:IN", "recv 3 10 = 4 took=900"},
	};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		struct told told = {.finding = "wait-interrupted-stale"};

		memcpy(told.story, right[i], sizeof told.story);
		expect(&told);
	}
	(void)state;
}

static void ready_taken_for_sure(void **state)
{
	expect(&(struct told){
	    .finding = "ready-taken-for-sure",
	    .story =
	        {"socket = 3 dgram", "poll = 1 polled=3:IN:IN limit=300", "recv 3 10 = 4 took=900 fault=drop",
	         "close 3 = 0"},
	    .said = {3}});
	/* The second read, and of an epoll instance. */
	expect(&(struct told){
	    .finding = "ready-taken-for-sure",
	    .story =
	        {"socketpair = 3 4", "epoll_create1 = 9", "epoll_ctl 9 = 0 op=ADD epolled=3:IN value=3",
	         "epoll_wait 9 = 1 epolled=3:IN limit=300", "recv 3 10 = 10", "recv 3 10 = 10 took=900"},
	    .said = {6}});
	/* A rule kept it silent in this very call; it was not said to be ready. */
	expect(&(struct told){
	    .finding = "ready-taken-for-sure",
	    .story = {"socketpair = 3 4", "poll = 1 polled=3:IN:IN limit=300", "recv 3 10 = 4 took=900 fault=stall"}});
	expect(&(struct told){
	    .finding = "ready-taken-for-sure",
	    .story = {"socketpair = 3 4", "poll = 0 polled=3:IN limit=300", "recv 3 10 = 4 took=900"}});
	(void)state;
}

static void one_client_blocks_all(void **state)
{
	expect(&(struct told){
	    .finding = "one-client-blocks-all",
	    .story =
	        {"socket = 3", "listen 3 = 0", "accept 3 = 4", "accept 3 = 5", "poll = 1 polled=3:IN,4:IN:IN,5:IN",
	         "recv 4 1 = 1", "recv 4 1 = 1 took=2000"},
	    .said = {7},
	    .says = "the 2 other sockets"});
	/* A server that it calls itself. */
	expect(&(struct told){
	    .finding = "one-client-blocks-all",
	    .story =
	        {"socket = 3", "listen 3 = 0", "accept 3 = 4", "poll = 1 polled=3:IN,4:IN:IN", "recv 4 1 = 1", "socket = 6",
	         "connect 6 = 0 took=3000"},
	    .said = {7}});
	/* One after the other; another thread waits as well; a child has the listener too; not watched. */
	expect(&(struct told){
	    .finding = "one-client-blocks-all",
	    .story = {"socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 1 = 1 took=2000"}});
	expect(&(struct told){
	    .finding = "one-client-blocks-all",
	    .story = {
	        "socket = 3", "listen 3 = 0", "thread = 2", "accept 3 = 4", "2: accept 3 = 5",
	        "poll = 1 polled=3:IN,4:IN:IN", "recv 4 1 = 1", "recv 4 1 = 1 took=2000"}});
	expect(&(struct told){
	    .finding = "one-client-blocks-all",
	    .story = {
	        "socket = 3", "listen 3 = 0", "fork = 2", "accept 3 = 4", "poll = 1 polled=3:IN,4:IN:IN", "recv 4 1 = 1",
	        "recv 4 1 = 1 took=2000"}});
	expect(&(struct told){
	    .finding = "one-client-blocks-all",
	    .story = {
	        "socket = 3", "listen 3 = 0", "accept 3 = 4", "poll = 1 polled=3:IN,4:IN:IN",
	        "recv 4 1 = 1 took=2000 fault=stall"}});
	(void)state;
}

static void write_not_resumed(void **state)
{
	expect(&(struct told){
	    .finding = "write-not-resumed",
	    .story =
	        {"socketpair = 3 4", "send 3 10 = -1 EAGAIN nonblocking rest=10:hello", "poll = 1 polled=3:IN:IN",
	         "recv 3 10 = 0", "close 3 = 0"},
	    .said = {2},
	    .says = "EAGAIN for 10 bytes"});
	expect(&(struct told){
	    .finding = "write-not-resumed",
	    .story =
	        {"socketpair = 3 4", "epoll_create1 = 9", "epoll_ctl 9 = 0 op=ADD epolled=3:IN value=3",
	         "send 3 10 = -1 EAGAIN nonblocking rest=10:hello", "epoll_wait 9"},
	    .said = {4},
	    .timed_out = true});
	/* It went on by accident. */
	expect(&(struct told){
	    .finding = "write-not-resumed",
	    .story =
	        {"socketpair = 3 4", "send 3 10 = 4 nonblocking rest=6:world", "poll = 1 polled=3:IN:IN took=800",
	         "send 3 6 = 6 nonblocking", "close 3 = 0"},
	    .said = {2}});
	static const char *const right[][TOLD_LINES] = {
	    /* asks for room, then gives up */
	    {"socketpair = 3 4", "send 3 10 = 4 nonblocking rest=6:world", "poll = 1 polled=3:IN|OUT:IN", "recv 3 10 = 0",
	     "close 3 = 0"},
	    /* the peer was gone before it waited */
	    {"socketpair = 3 4", "send 3 10 = 4 nonblocking rest=6:world", "recv 3 10 = 0", "poll = 1 polled=3:IN:IN",
	     "close 3 = 0"},
	    /* goes on at once */
	    {"socketpair = 3 4", "send 3 10 = 4 nonblocking rest=6:world", "send 3 6 = 6 nonblocking",
	     "poll = 1 polled=3:IN:IN", "close 3 = 0"},
	    /* by a timer */
	    {"socketpair = 3 4", "send 3 10 = -1 EAGAIN nonblocking rest=10:hello",
	     "poll = 0 polled=3:IN limit=100 took=100", "send 3 10 = 10 nonblocking", "close 3 = 0"},
	    /* a blocking socket waits by itself */
	    {"socketpair = 3 4", "send 3 10 = 4 rest=6:world", "poll = 1 polled=3:IN:IN", "close 3 = 0"},
	};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		struct told told = {.finding = "write-not-resumed"};

		memcpy(told.story, right[i], sizeof told.story);
		expect(&told);
	}
	(void)state;
}

/* A hundred waits do not fit into a story: the programs of tests/targets/wrong show it. */
static void hangup_ignored(void **state)
{
	expect(&(struct told){
	    .finding = "hangup-ignored",
	    .story = {
	        "socketpair = 3 4", "poll = 1 polled=3:IN:HUP", "poll = 1 polled=3:IN:HUP took=500",
	        "poll = 1 polled=3:IN:HUP"}});
	(void)state;
}

static void select_beyond_1024(void **state)
{
	expect(&(struct told){
	    .finding = "select-beyond-1024",
	    .story = {"socketpair = 3 4", "dup 3 = 1030", "select = 0 value=1031"},
	    .said = {3},
	    .says = "descriptor 1030"});
	expect(&(struct told){
	    .finding = "select-beyond-1024", .story = {"socketpair = 3 4", "select = 0 value=65536 polled=3:IN"}});
	expect(&(struct told){
	    .finding = "select-beyond-1024", .story = {"socketpair = 3 4", "dup 3 = 1023", "select = 0 value=1024"}});
	(void)state;
}

static void reply_lost_by_close(void **state)
{
	expect(&(struct told){
	    .finding = "reply-lost-by-close",
	    .story =
	        {"socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 64 = 4 fault=short:4 rest=8", "send 4 9 = 9",
	         "close 4 = 0"},
	    .said = {6},
	    .says = "of 9 bytes"});
	/* Nothing was left. */
	expect(&(struct told){
	    .finding = "reply-lost-by-close",
	    .story = {
	        "socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 64 = 4 fault=short", "send 4 9 = 9", "close 4 = 0"}});
	/* A server that was ended before it had read on. */
	expect(&(struct told){
	    .finding = "reply-lost-by-close",
	    .story =
	        {"socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 64 = 4 fault=short:4 rest=8", "send 4 9 = 9",
	         "exit = 0"},
	    .asked_to_end = true});
	/* All was read; nothing was sent; the peer had ended; much later. */
	static const char *const right[][TOLD_LINES] = {
	    {"socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 64 = 4 fault=short:4 rest=8", "recv 4 60 = 8",
	     "send 4 9 = 9", "close 4 = 0"},
	    {"socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 64 = 4 fault=short:4 rest=8", "close 4 = 0"},
	    {"socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 64 = 4 fault=short:4 rest=8", "send 4 9 = 9",
	     "recv 4 60 = 0", "close 4 = 0"},
	    {"socket = 3", "listen 3 = 0", "accept 3 = 4", "recv 4 64 = 4 fault=short:4 rest=8", "send 4 9 = 9",
	     "close 4 = 0 at=5000"},
	};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		struct told told = {.finding = "reply-lost-by-close"};

		memcpy(told.story, right[i], sizeof told.story);
		expect(&told);
	}
	(void)state;
}

static void address_reuse_missing(void **state)
{
	expect(&(struct told){
	    .finding = "address-reuse-missing",
	    .story = {"socket = 3", "bind 3 8080 = 0", "setsockopt 3 = 0 option=SO_REUSEADDR", "listen 3 = 0"},
	    .said = {2},
	    .says = "port 8080"});
	expect(&(struct told){
	    .finding = "address-reuse-missing",
	    .story = {"socket = 3", "setsockopt 3 = 0 option=SO_REUSEADDR", "bind 3 8080 = 0", "listen 3 = 0"}});
	expect(&(struct told){.finding = "address-reuse-missing", .story = {"socket = 3", "bind 3 0 = 0", "listen 3 = 0"}});
	expect(&(struct told){
	    .finding = "address-reuse-missing", .story = {"socket = 3 unix", "bind 3 8080 = 0", "listen 3 = 0"}});
	expect(&(struct told){.finding = "address-reuse-missing", .story = {"socket = 3", "bind 3 8080 = 0"}});
	(void)state;
}

static void udp_refusal_fatal(void **state)
{
	expect(&(struct told){
	    .finding = "udp-refusal-fatal",
	    .story = {"socket = 3 dgram", "send 3 9 = 9", "send 3 9 = -1 ECONNREFUSED", "close 3 = 0", "exit = 1"},
	    .said = {3}});
	/* It had answered before. */
	expect(&(struct told){
	    .finding = "udp-refusal-fatal",
	    .story = {"socket = 3 dgram", "send 3 9 = 9", "recv 3 9 = 9", "recv 3 9 = -1 ECONNREFUSED", "exit = 1"},
	    .said = {4}});
	/* Nobody was ever there; tried again; was done. */
	expect(&(struct told){
	    .finding = "udp-refusal-fatal",
	    .story = {"socket = 3 dgram", "send 3 9 = 9", "recv 3 9 = -1 ECONNREFUSED", "exit = 1"}});
	expect(&(struct told){
	    .finding = "udp-refusal-fatal",
	    .story = {"socket = 3 dgram", "send 3 9 = 9", "send 3 9 = -1 ECONNREFUSED", "send 3 9 = 9", "exit = 1"}});
	expect(&(struct told){
	    .finding = "udp-refusal-fatal",
	    .story = {"socket = 3 dgram", "send 3 9 = 9", "send 3 9 = -1 ECONNREFUSED", "exit = 0"}});
	(void)state;
}

static void byte_order(void **state)
{
	expect(&(struct told){
	    .finding = "byte-order",
	    .story = {"socket = 3", "bind 3 13330 = 0"},
	    .command = "sockfault run -- server 4660",
	    .said = {2},
	    .says = "0x1234"});
	expect(&(struct told){
	    .finding = "byte-order",
	    .story = {"socket = 3", "bind 3 4660 = 0"},
	    .command = "sockfault run -- server 4660"});
	/* A number of ours; both in use. */
	expect(&(struct told){
	    .finding = "byte-order",
	    .story = {"socket = 3", "bind 3 13330 = 0"},
	    .command = "sockfault run --seed 4660 -- server"});
	expect(&(struct told){
	    .finding = "byte-order",
	    .story = {"socket = 3", "bind 3 13330 = 0", "socket = 4", "bind 4 4660 = 0"},
	    .command = "sockfault run -- server localhost:4660"});
	(void)state;
}

static void wrong_error_named(void **state)
{
	static const char *const story[TOLD_LINES] = {"socket = 3", "recv 3 9 = -1 ECONNRESET", "close 3 = 0", "exit = 1"};
	struct told told = {.finding = "wrong-error-named", .said = {2}};

	memcpy(told.story, story, sizeof story);
	told.errors = "starting\nrecv failed: Bad file descriptor\n";
	expect(&told);
	told.said[0] = 0;
	told.errors = "recv: Connection reset by peer\n";
	expect(&told);
	told.errors = "config: No such file or directory\n";
	expect(&told);
	told.errors = "recv_config: Bad file descriptor\n";
	expect(&told);
	told.errors = NULL;
	expect(&told);
	(void)state;
}

static void crash(void **state)
{
	/* The thread that met the fault, not the one that waits. */
	expect(&(struct told){
	    .finding = "crash",
	    .story =
	        {"socketpair = 3 4", "thread = 2", "poll polled=4:IN", "2: recv 3 9 = -1 ECONNRESET fault=reset",
	         "2: close 3 = 0", "killed SIGSEGV"},
	    .said = {5}});
	expect(&(struct told){.finding = "crash", .story = {"socketpair = 3 4", "recv 3 9 = 9", "killed SIGTERM"}});
	(void)state;
}

static void hang_and_spin(void **state)
{
	static const char *const waits[TOLD_LINES] = {
	    "socketpair = 3 4", "send 3 9 = -1 ECONNRESET fault=reset", "recv 4 9", "killed SIGKILL"};
	static const char *const silent[TOLD_LINES] = {"socketpair = 3 4", "recv 3 9 fault=stall", "killed SIGKILL"};
	static const char *const limited[TOLD_LINES] = {
	    "socketpair = 3 4", "send 3 9 = -1 ECONNRESET fault=reset", "poll polled=4:IN limit=60000", "killed SIGKILL"};
	struct told told = {.finding = "hang", .said = {3}, .timed_out = true, .over_at = 5000, .busy = 100};

	memcpy(told.story, waits, sizeof waits);
	expect(&told);
	told.finding = "spin";
	told.said[0] = 2;
	told.busy = 4900;
	expect(&told);
	told.finding = "hang";
	told.said[0] = 0;
	expect(&told);
	told.busy = 100;
	memcpy(told.story, limited, sizeof limited);
	expect(&told);
	memcpy(told.story, silent, sizeof silent);
	expect(&told);
	told.finding = "no-timeout";
	told.said[0] = 2;
	expect(&told);
	told.timed_out = false;
	told.said[0] = 0;
	expect(&told);
	(void)state;
}

/* A silence that began within a wait is no call's. */
static void silent_in_a_wait(void **state)
{
#define HELD "socket = 3 stream held", "connect 3 = 0"
#define FREE "socket = 4 stream", "connect 4 = 0"
	static const struct {
		const char *story[TOLD_LINES];
		int hang, no_timeout;
	} waits[] = {
	    {{HELD, "poll polled=3:IN", "killed SIGKILL"}, 0, 3},
	    {{HELD, "select polled=3:IN value=4", "killed SIGKILL"}, 0, 3},
	    {{HELD, "epoll_create1 = 9", "epoll_ctl 9 = 0 op=ADD epolled=3:IN value=3", "epoll_wait 9", "killed SIGKILL"},
	     0,
	     5},
	    {{HELD, "recv 3 9", "killed SIGKILL"}, 0, 3},
	    {{HELD, FREE, "poll polled=4:IN value=99", "killed SIGKILL"}, 0, 5},
	    {{HELD, FREE, "poll polled=4:IN", "killed SIGKILL"}, 5, 0},
	    {{HELD, "poll polled=3:IN limit=60000", "killed SIGKILL"}, 0, 0},
	};

	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		struct told told = {.timed_out = true, .over_at = 5000, .busy = 100};

		memcpy(told.story, waits[i].story, sizeof told.story);
		told.finding = "hang";
		told.said[0] = waits[i].hang;
		expect(&told);
		told.finding = "no-timeout";
		told.said[0] = waits[i].no_timeout;
		expect(&told);
	}
	(void)state;
}

/* Busy to the end; a byte at a time is slow, and no spin. */
static void spin(void **state)
{
#define SHORT_BYTE "recv 3 9 = 1 fault=short:1"
	struct told told = {.finding = "spin", .timed_out = true, .over_at = 5000, .busy = 4900};
	static const struct {
		const char *story[TOLD_LINES];
		int said;
	} runs[] = {
	    {{"socketpair = 3 4", SHORT_BYTE, "killed SIGKILL"}, 2},
	    {{"socketpair = 3 4", SHORT_BYTE, SHORT_BYTE " at=4000", "killed SIGKILL"}, 0},
	    {{"socketpair = 3 4", SHORT_BYTE, "send 4 9 = 9 at=4000", "killed SIGKILL"}, 0},
	    {{"socketpair = 3 4", SHORT_BYTE, "recv 3 9 = 9 flags=MSG_PEEK at=4000", "killed SIGKILL"}, 2},
	    {{"socketpair = 3 4", SHORT_BYTE, "recv 3 9 = -1 ECONNRESET at=4000", "killed SIGKILL"}, 2},
	    {{"socketpair = 3 4", SHORT_BYTE, "recv 3 9 at=4000", "killed SIGKILL"}, 2},
	};

	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
		memcpy(told.story, runs[i].story, sizeof told.story);
		told.said[0] = runs[i].said;
		expect(&told);
	}
	(void)state;
}

static void outcomes(void **state)
{
	static const char *const transient[TOLD_LINES] = {"socketpair = 3 4", "recv 3 9 = 9 fault=delay", "exit = 0"};
	static const char *const terminal[TOLD_LINES] = {
	    "socketpair = 3 4", "recv 3 9 = -1 ECONNRESET fault=reset", "exit = 0"};
	struct told told = {.finding = "not-transparent", .said = {2}, .differs = true};

	memcpy(told.story, transient, sizeof transient);
	expect(&told);
	told.differs = false;
	told.same = true;
	told.said[0] = 0;
	expect(&told);
	told.same = false;
	told.differs = true;
	memcpy(told.story, terminal, sizeof terminal);
	expect(&told);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOLDS(wait_interrupted_stale),
	    HOLDS(ready_taken_for_sure),
	    HOLDS(one_client_blocks_all),
	    HOLDS(write_not_resumed),
	    HOLDS(hangup_ignored),
	    HOLDS(select_beyond_1024),
	    HOLDS(reply_lost_by_close),
	    HOLDS(address_reuse_missing),
	    HOLDS(udp_refusal_fatal),
	    HOLDS(byte_order),
	    HOLDS(wrong_error_named),
	    HOLDS(crash),
	    HOLDS(hang_and_spin),
	    HOLDS(silent_in_a_wait),
	    HOLDS(spin),
	    HOLDS(outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
