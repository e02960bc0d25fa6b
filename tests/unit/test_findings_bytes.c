/* SPDX-License-Identifier: MIT
 *
 * test_findings_bytes.c -- the findings on counts, ends and datagrams, and on how programs try again, on runs told by
 * hand (told.h): what they must say, and where they must be silent.
 */
#include <string.h>

#include "told.h"
#include "unit.h"

/* Stories of right programs, or of ones that make another mistake. */
static void silent(const char *finding, const char *const (*stories)[TOLD_LINES], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct told told = {.finding = finding};

		memcpy(told.story, stories[i], sizeof told.story);
		expect(&told);
	}
}

#define SILENT(finding, stories) silent(finding, stories, sizeof stories / sizeof stories[0])

/* 3 of 10 bytes, of "hello, sir". */
#define SHORT "send 3 10 = 3 fault=short:3 posix rest=7:lo,_sir begin=hello,_sir"

static void short_send_dropped_by_other_bytes(void **state)
{
	expect(&(struct told){
	    .finding = "short-send-dropped",
	    .story = {"socketpair = 3 4", SHORT, "send 3 4 = 4 begin=more:other", "close 3 = 0"},
	    .said = {2},
	    .says = "took 3 of 10 bytes; the other 7 were never sent: the next bytes are others"});
	/* The next answer to the next question, which begins with the same bytes. */
	expect(&(struct told){
	    .finding = "short-send-dropped",
	    .story = {"socketpair = 3 4", SHORT, "recv 3 9 = 9", "send 3 10 = 10 begin=hello,_sir:again", "close 3 = 0"},
	    .said = {2}});
	(void)state;
}

static void short_send_dropped_by_nothing_more(void **state)
{
	expect(&(struct told){
	    .finding = "short-send-dropped", .story = {"socketpair = 3 4", SHORT, "close 3 = 0"}, .said = {2}});
	expect(&(struct told){
	    .finding = "short-send-dropped",
	    .story = {"socketpair = 3 4", SHORT, "shutdown 3 = 0 how=WR", "recv 3 9 = 0", "close 3 = 0"},
	    .said = {2}});
	expect(
	    &(struct told){.finding = "short-send-dropped", .story = {"socketpair = 3 4", SHORT, "exit = 0"}, .said = {2}});
	/* It had turned to waiting for the answer before the peer ended. */
	expect(&(struct told){
	    .finding = "short-send-dropped",
	    .story = {"socketpair = 3 4", SHORT, "recv 3 9 = 0", "close 3 = 0"},
	    .said = {2}});
	expect(&(struct told){
	    .finding = "short-send-dropped",
	    .story = {"socketpair = 3 4", SHORT, "recv 3 9", "killed SIGKILL"},
	    .said = {2},
	    .timed_out = true});
	/* At once, long before the run asked the server to end. */
	expect(&(struct told){
	    .finding = "short-send-dropped",
	    .story = {"socketpair = 3 4", SHORT " nonblocking", "close 3 = 0", "poll = 1 polled=5:IN:IN", "exit = 0"},
	    .said = {2},
	    .asked_to_end = true});
	(void)state;
}

static void short_send_is_gone_on_with(void **state)
{
	static const char *const right[][TOLD_LINES] = {
	    {"socketpair = 3 4", SHORT, "send 3 7 = 7 begin=lo,_sir:on", "close 3 = 0"},
	    /* In pieces, and with the next message behind it. */
	    {"socketpair = 3 4", SHORT, "send 3 2 = 2 begin=lo", "send 3 20 = 20 begin=,_sir,_and_more:on", "close 3 = 0"},
	    /* Short again, then refused. */
	    {"socketpair = 3 4", SHORT, "send 3 7 = 2 rest=5:,_sir begin=lo,_sir:on",
	     "send 3 5 = -1 EAGAIN rest=5:,_sir begin=,_sir:on nonblocking", "close 3 = 0"},
	    /* Another thread sends in between: nobody knows the order. */
	    {"thread = 2", "socketpair = 3 4", SHORT, "2: send 3 4 = 4 begin=more:other", "close 3 = 0"},
	    /* By splice: the bytes can't be compared. */
	    {"socketpair = 3 4", SHORT, "splice 3 7 = 7 begin=", "close 3 = 0"},
	};
	SILENT("short-send-dropped", right);
	(void)state;
}

static void short_send_has_no_need_of_more(void **state)
{
	static const char *const right[][TOLD_LINES] = {
	    /* The connection was over. */
	    {"socketpair = 3 4", SHORT, "recv 3 9 = 0 nonblocking", "close 3 = 0"},
	    {"socketpair = 3 4", SHORT, "send 3 7 = -1 EPIPE begin=lo,_sir:on", "close 3 = 0"},
	    {"socketpair = 3 4", SHORT, "poll = 1 polled=3:IN:HUP", "close 3 = 0"},
	    /* It has asked when it can go on, and then had enough. */
	    {"socketpair = 3 4", SHORT, "poll = 0 polled=3:IN|OUT limit=900 took=900", "close 3 = 0"},
	    {"epoll_create1 = 9", "socketpair = 3 4", SHORT, "epoll_ctl 9 = 0 op=ADD epolled=3:IN|OUT value=3",
	     "epoll_wait 9 = 0 limit=900 took=900", "close 3 = 0"},
	    {"epoll_create1 = 9", "socketpair = 3 4", "epoll_ctl 9 = 0 op=ADD epolled=3:IN|OUT|ET value=3", SHORT,
	     "epoll_wait 9 = 0 limit=900 took=900", "close 3 = 0"},
	    /* Its own limit was over (SO_SNDTIMEO). */
	    {"socketpair = 3 4", SHORT " timeout", "close 3 = 0"},
	    /* Somebody ended it. */
	    {"socketpair = 3 4", SHORT, "killed SIGTERM"},
	    /* A datagram, and urgent data. */
	    {"socket = 3 dgram", "send 3 10 = 3", "close 3 = 0"},
	    {"socketpair = 3 4", "send 3 2 = 1 rest=1:b begin=ab flags=MSG_OOB", "close 3 = 0"},
	};
	SILENT("short-send-dropped", right);
	expect(&(struct told){
	    .finding = "short-send-dropped",
	    .story = {"socketpair = 3 4", SHORT " nonblocking", "exit = 0"},
	    .asked_to_end = true});
	(void)state;
}

static void short_send_repeated(void **state)
{
	expect(&(struct told){
	    .finding = "short-send-repeated",
	    .story = {"socketpair = 3 4", SHORT, "send 3 10 = 10 begin=hello,_sir:again", "close 3 = 0"},
	    .said = {2},
	    .says = "arrives twice"});
	static const char *const right[][TOLD_LINES] = {
	    {"socketpair = 3 4", SHORT, "send 3 7 = 7 begin=lo,_sir:on", "close 3 = 0"},
	    {"socketpair = 3 4", SHORT, "recv 3 9 = 9", "send 3 10 = 10 begin=hello,_sir:again", "close 3 = 0"},
	    {"socketpair = 3 4", SHORT, "send 3 10 = -1 EPIPE begin=hello,_sir:again", "close 3 = 0"},
	    {"socketpair = 3 4", "send 3 5 = -1 EAGAIN nonblocking rest=5:hello begin=hello", "send 3 5 = 5 begin=hello:on",
	     "close 3 = 0"},
	    {"thread = 2", "socketpair = 3 4", SHORT, "2: send 3 10 = 10 begin=hello,_sir:again", "close 3 = 0"},
	};
	SILENT("short-send-repeated", right);
	(void)state;
}

static void short_send_misplaced(void **state)
{
	/* A piece of a vector from its start: by the bytes. */
	expect(&(struct told){
	    .finding = "short-send-misplaced",
	    .story =
	        {"socketpair = 3 4", "writev 3 52 = 20 rest=32:body_goes_on begin=head:none buffer=100",
	         "writev 3 36 = 36 begin=the_body_goes_on:other buffer=900", "close 3 = 0"},
	    .said = {2},
	    .says = "4 bytes too early"});
	/* Fixed records from one buffer, of which one was not sent to its end: that is another mistake. */
	static const char *const other[][TOLD_LINES] = {
	    {"socketpair = 3 4", SHORT, "send 3 10 = 10 begin=good_bye!!:other", "close 3 = 0"},
	    {"socketpair = 3 4", SHORT, "send 3 7 = 7 begin=lo,_sir:on", "close 3 = 0"},
	};
	SILENT("short-send-misplaced", other);
	(void)state;
}

static void short_recv_taken_for_whole(void **state)
{
	expect(&(struct told){
	    .finding = "short-recv-taken-for-whole",
	    .story = {"socketpair = 3 4", "recv 3 100 = 3 fault=short:3", "close 3 = 0"},
	    .said = {2},
	    .differs = true});
	/* A length of four bytes, split: the second call is for something else. */
	expect(&(struct told){
	    .finding = "short-recv-taken-for-whole",
	    .story =
	        {"socketpair = 3 4", "recv 3 4 = 2 fault=short:2 buffer=100", "recv 3 99 = 9 buffer=500",
	         "recv 3 99 = 2 fault=short:2 buffer=500", "recv 3 97 = 9 buffer=502", "close 3 = 0"},
	    .said = {2},
	    .differs = true});
	/* Nobody compared, or it is the same; something else was injected too. */
	expect(&(struct told){
	    .finding = "short-recv-taken-for-whole",
	    .story = {"socketpair = 3 4", "recv 3 100 = 3 fault=short:3", "close 3 = 0"}});
	expect(&(struct told){
	    .finding = "short-recv-taken-for-whole",
	    .story = {"socketpair = 3 4", "recv 3 100 = 3 fault=short:3", "close 3 = 0"},
	    .same = true});
	expect(&(struct told){
	    .finding = "short-recv-taken-for-whole",
	    .story = {"socketpair = 3 4", "recv 3 100 = 3 fault=short:3", "recv 3 97 = -1 ECONNRESET fault=reset"},
	    .differs = true});
	(void)state;
}

static void error_taken_for_length(void **state)
{
	expect(&(struct told){
	    .finding = "error-taken-for-length",
	    .story = {"socketpair = 3 4", "recv 3 10 = -1 ECONNRESET", "send 3 18446744073709551615 = -1 EFAULT"},
	    .said = {3},
	    .says = "18446744073709551615 bytes"});
	expect(&(struct told){
	    .finding = "error-taken-for-length",
	    .story = {"socketpair = 3 4", "recv 3 10 = -1 EINTR buffer=500", "recv 3 11 = 5 buffer=499"},
	    .said = {2}});
	expect(&(struct told){
	    .finding = "error-taken-for-length",
	    .story = {"socketpair = 3 4", "recv 3 10 = -1 ECONNRESET fault=reset", "killed SIGSEGV"},
	    .said = {2}});
	static const char *const right[][TOLD_LINES] = {
	    {"socketpair = 3 4", "recv 3 10 = -1 EINTR buffer=500", "recv 3 10 = 5 buffer=500", "send 3 5 = 5"},
	    /* What a test of EFAULT does; and another thread's. */
	    {"socketpair = 3 4", "recv 3 10 = 10", "send 3 18446744073709551615 = -1 EFAULT"},
	    {"thread = 2", "socketpair = 3 4", "2: recv 3 10 = -1 EINTR", "send 3 18446744073709551615 = -1 EFAULT"},
	    /* It dies of something else. */
	    {"socketpair = 3 4", "recv 3 10 = -1 ECONNRESET fault=reset", "close 3 = 0", "killed SIGSEGV"},
	    {"socketpair = 3 4", "recv 3 10 = -1 ECONNRESET fault=reset", "killed SIGABRT"},
	};
	SILENT("error-taken-for-length", right);
	(void)state;
}

#define ENDS(n) "recv 3 10 = 0 at=" #n

static void end_ignored(void **state)
{
	expect(&(struct told){
	    .finding = "end-ignored",
	    .story =
	        {"socketpair = 3 4", ENDS(10), ENDS(11), ENDS(12), ENDS(13), ENDS(14), ENDS(15), ENDS(16), ENDS(17),
	         "close 3 = 0"},
	    .said = {2},
	    .says = "8 times"});
	static const char *const right[][TOLD_LINES] = {
	    /* Seven times; from time to time; of what it has shut itself; after an error. */
	    {"socketpair = 3 4", ENDS(10), ENDS(11), ENDS(12), ENDS(13), ENDS(14), ENDS(15), ENDS(16), "close 3 = 0"},
	    {"socketpair = 3 4", ENDS(100), ENDS(200), ENDS(300), ENDS(400), ENDS(500), ENDS(600), ENDS(700), ENDS(800),
	     ENDS(900), "close 3 = 0"},
	    {"socketpair = 3 4", "shutdown 3 = 0 how=RD", ENDS(10), ENDS(11), ENDS(12), ENDS(13), ENDS(14), ENDS(15),
	     ENDS(16), ENDS(17), "close 3 = 0"},
	    {"socketpair = 3 4", "recv 3 9 = -1 ECONNRESET", ENDS(10), ENDS(11), ENDS(12), ENDS(13), ENDS(14), ENDS(15),
	     ENDS(16), ENDS(17), "close 3 = 0"},
	    /* Empty datagrams. */
	    {"socket = 3 dgram", ENDS(10), ENDS(11), ENDS(12), ENDS(13), ENDS(14), ENDS(15), ENDS(16), ENDS(17),
	     "close 3 = 0"},
	};
	SILENT("end-ignored", right);
	(void)state;
}

static void reset_taken_for_end(void **state)
{
#define RESET "socket = 3 stream", "connect 3 = 0", "recv 3 9 = 9", "recv 3 9 = -1 ECONNRESET fault=reset"
	expect(
	    &(struct told){.finding = "reset-taken-for-end", .story = {RESET, "exit = 0"}, .said = {4}, .differs = true});
	/* It says so; nobody compared; it has tried again; its output is the same. */
	expect(&(struct told){.finding = "reset-taken-for-end", .story = {RESET, "exit = 1"}, .differs = true});
	expect(&(struct told){.finding = "reset-taken-for-end", .story = {RESET, "exit = 0"}});
	expect(&(struct told){
	    .finding = "reset-taken-for-end",
	    .story = {RESET, "close 3 = 0", "socket = 3 stream", "connect 3 = 0", "recv 3 9 = 9", "exit = 0"},
	    .differs = true});
	expect(&(struct told){.finding = "reset-taken-for-end", .story = {RESET, "exit = 0"}, .same = true});
	/* A proxy. */
	expect(&(struct told){
	    .finding = "reset-taken-for-end",
	    .story = {"socket = 5 stream", "listen 5 8 = 0", RESET, "exit = 0"},
	    .differs = true});
	(void)state;
}

static void datagram_cut_unnoticed(void **state)
{
#define CUT "socket = 3 dgram", "recv 3 99 = 5 fault=truncate:5"
	expect(
	    &(struct told){.finding = "datagram-cut-unnoticed", .story = {CUT, "exit = 0"}, .said = {2}, .differs = true});
	expect(&(struct told){.finding = "datagram-cut-unnoticed", .story = {CUT, "exit = 1"}, .differs = true});
	expect(&(struct told){.finding = "datagram-cut-unnoticed", .story = {CUT, "exit = 0"}, .same = true});
	expect(&(struct told){
	    .finding = "datagram-cut-unnoticed",
	    .story = {"socket = 3 dgram", "recv 3 99 = 8 fault=truncate:5 flags=MSG_TRUNC", "exit = 0"},
	    .differs = true});
	(void)state;
}

static void datagram_never_repeated(void **state)
{
#define LOST "socket = 3 dgram", "send 3 9 = 9 fault=drop"
	expect(&(struct told){
	    .finding = "datagram-never-repeated",
	    .story = {LOST, "recv 3 9", "killed SIGKILL"},
	    .said = {2},
	    .timed_out = true});
	/* Its answer was. */
	expect(&(struct told){
	    .finding = "datagram-never-repeated",
	    .story = {"socket = 3 dgram", "send 3 9 = 9", "recv 3 9 fault=drop", "killed SIGALRM"},
	    .said = {3}});
	/* Asked again; gave up by itself; is a server. */
	expect(&(struct told){
	    .finding = "datagram-never-repeated",
	    .story = {LOST, "poll = 0 polled=3:IN limit=100", "send 3 9 = 9", "recv 3 9", "killed SIGKILL"},
	    .timed_out = true});
	expect(&(struct told){
	    .finding = "datagram-never-repeated",
	    .story = {LOST, "recv 3 9 = -1 EAGAIN", "send 3 9 = 9 fault=drop", "recv 3 9", "killed SIGKILL"},
	    .timed_out = true});
	expect(&(struct told){
	    .finding = "datagram-never-repeated", .story = {LOST, "poll = 0 polled=3:IN limit=100", "exit = 1"}});
	expect(&(struct told){
	    .finding = "datagram-never-repeated",
	    .story = {"socket = 3 dgram", "recv 3 9 = 9", "send 3 9 = 9 fault=drop", "recv 3 9", "killed SIGKILL"},
	    .timed_out = true});
	(void)state;
}

static void again_fatal(void **state)
{
#define CONNECTED "socket = 3 stream", "connect 3 = 0"
#define REFUSED " nonblocking fault=fail:EAGAIN"
	expect(&(struct told){
	    .finding = "again-fatal", .story = {CONNECTED, "send 3 9 = -1 EAGAIN" REFUSED, "exit = 1"}, .said = {3}});
	expect(&(struct told){
	    .finding = "again-fatal", .story = {CONNECTED, "send 3 9 = -1 EAGAIN" REFUSED, "close 3 = 0"}, .said = {3}});
	expect(&(struct told){
	    .finding = "again-fatal",
	    .story = {CONNECTED, "send 3 9 = 9", "recv 3 9 = -1 EAGAIN" REFUSED, "close 3 = 0", "exit = 0"},
	    .said = {4}});
	/* In the middle, and only its status tells. */
	expect(&(struct told){
	    .finding = "again-fatal",
	    .story = {CONNECTED, "send 3 9 = 9", "recv 3 9 = 5", "recv 3 9 = -1 EAGAIN" REFUSED, "close 3 = 0", "exit = 1"},
	    .said = {5}});
	static const char *const right[][TOLD_LINES] = {
	    /* It waited, or went on. */
	    {CONNECTED, "send 3 9 = -1 EAGAIN" REFUSED, "poll = 0 polled=3:OUT limit=100", "exit = 1"},
	    {CONNECTED, "send 3 9 = -1 EAGAIN" REFUSED, "send 3 9 = 9", "close 3 = 0", "exit = 1"},
	    /* The last read of all there is; is the idle connection alive?; a farewell. */
	    {CONNECTED, "send 3 9 = 9", "recv 3 9 = 5", "recv 3 9 = -1 EAGAIN" REFUSED, "close 3 = 0", "exit = 0"},
	    {CONNECTED, "send 3 9 = 9", "recv 3 9 = -1 EAGAIN flags=MSG_PEEK" REFUSED, "close 3 = 0", "exit = 1"},
	    {CONNECTED, "send 3 9 = 9", "recv 3 9 = 5", "send 3 24 = -1 EAGAIN" REFUSED, "close 3 = 0", "exit = 0"},
	    /* Its own limit was over. */
	    {CONNECTED, "recv 3 9 = -1 EAGAIN timeout", "close 3 = 0", "exit = 1"},
	    /* Nothing had come, as the kernel said. */
	    {CONNECTED, "recv 3 9 = -1 EAGAIN nonblocking", "close 3 = 0", "exit = 0"},
	};
	SILENT("again-fatal", right);
	(void)state;
}

static void interrupt_fatal(void **state)
{
#define INTERRUPTED " fault=fail:EINTR signals=SIGCHLD"
	expect(&(struct told){
	    .finding = "interrupt-fatal",
	    .story = {CONNECTED, "recv 3 9 = -1 EINTR" INTERRUPTED, "exit = 1"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "interrupt-fatal",
	    .story = {CONNECTED, "recv 3 9 = -1 EINTR" INTERRUPTED, "close 3 = 0", "exit = 1"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "interrupt-fatal",
	    .story = {CONNECTED, "poll 1 = -1 EINTR polled=3:IN" INTERRUPTED ":restart", "exit = 1"},
	    .said = {3}});
	static const char *const right[][TOLD_LINES] = {
	    {CONNECTED, "recv 3 9 = -1 EINTR" INTERRUPTED, "recv 3 9 = 9", "exit = 1"},
	    {CONNECTED, "poll 1 = -1 EINTR polled=3:IN" INTERRUPTED, "poll 1 = 1 polled=3:IN:IN", "exit = 1"},
	    /* It may have been told to stop. */
	    {CONNECTED, "recv 3 9 = -1 EINTR fault=fail:EINTR signals=SIGTERM", "exit = 1"},
	    {CONNECTED, "recv 3 9 = -1 EINTR fault=fail:EINTR signals=SIGALRM", "close 3 = 0", "exit = 1"},
	    {CONNECTED, "recv 3 9 = -1 EINTR" INTERRUPTED ":restart", "exit = 1"},
	    /* It had no need of more. */
	    {CONNECTED, "recv 3 9 = -1 EINTR" INTERRUPTED, "close 3 = 0", "exit = 0"},
	};
	SILENT("interrupt-fatal", right);
	(void)state;
}

static void accept_gives_up(void **state)
{
#define LISTENS "socket = 3 stream", "listen 3 8 = 0"
	expect(&(struct told){
	    .finding = "accept-gives-up", .story = {LISTENS, "accept 3 = -1 ECONNABORTED", "exit = 1"}, .said = {3}});
	expect(&(struct told){
	    .finding = "accept-gives-up",
	    .story = {LISTENS, "accept 3 = -1 EMFILE", "close 3 = 0", "poll = 1 polled=4:IN:IN"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "accept-gives-up",
	    .story = {LISTENS, "accept 3 = -1 EINTR fault=fail:EINTR signals=SIGCHLD", "exit = 1"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "accept-gives-up",
	    .story = {LISTENS, "accept 3 = -1 ENFILE", "lives"},
	    .said = {3},
	    .timed_out = true,
	    .over_at = 9000});
	static const char *const right[][TOLD_LINES] = {
	    {LISTENS, "accept 3 = -1 ECONNABORTED", "accept 3 = 4", "exit = 0"},
	    /* There is no listener any more, or nobody waits; it was told to stop. */
	    {LISTENS, "accept 3 = -1 EINVAL", "exit = 1"},
	    {LISTENS, "accept 3 = -1 EAGAIN nonblocking", "close 3 = 0", "exit = 1"},
	    {LISTENS, "accept 3 = -1 EINTR fault=fail:EINTR signals=SIGTERM", "exit = 0"},
	};
	SILENT("accept-gives-up", right);
	/* It pauses; the request to end comes meanwhile. */
	expect(&(struct told){
	    .finding = "accept-gives-up",
	    .story = {LISTENS, "accept 3 = -1 EMFILE at=100", "close 3 = 0 at=150", "exit = 0"},
	    .asked_to_end = true});
	(void)state;
}

/* So many times the same line, between others. */
static void tell_many(struct told *told, const char *const *before, const char *line, int times, const char *after)
{
	int at = 0;

	while (*before)
		told->story[at++] = *before++;
	while (times-- > 0)
		told->story[at++] = line;
	told->story[at] = after;
}

/* Ninety times is none yet; nor is a hundred times with something else between. */
static void a_hundred_times_is_a_spin(void **state)
{
	static const struct {
		const char *finding, *before[4], *line, *slow, *after;
		int said;
	} spins[] = {
	    {"again-spin",
	     {"socketpair = 3 4"},
	     "recv 3 9 = -1 EAGAIN nonblocking took=1",
	     "recv 3 9 = -1 EAGAIN nonblocking",
	     "recv 3 9 = 9",
	     2},
	    {"accept-spin",
	     {LISTENS},
	     "accept 3 = -1 EMFILE site=9",
	     "accept 3 = -1 EAGAIN nonblocking site=9",
	     "accept 3 = 4",
	     3},
	    {"retry-storm",
	     {"socket = 3 stream"},
	     "connect 3 = -1 ECONNREFUSED site=9",
	     "connect 3 = -1 EINPROGRESS nonblocking site=9",
	     "connect 3 = 0",
	     2},
	};
	struct told asked = {.finding = "again-spin", .said = {2}, .asked_to_end = true}, ended = {.finding = "again-spin"};

	tell_many(&asked, spins[0].before, spins[0].line, 110, "exit = 0"); /* and a server does it to its end */
	expect(&asked);
	tell_many(&ended, spins[0].before, spins[0].line, 110, "exit = 0");
	expect(&ended);
	for (size_t i = 0; i < sizeof spins / sizeof spins[0]; i++) {
		struct told spin = {.finding = spins[i].finding, .said = {spins[i].said}};
		struct told few = {.finding = spins[i].finding}, slow = few;

		tell_many(&spin, spins[i].before, spins[i].line, 110, spins[i].after);
		expect(&spin);
		tell_many(&few, spins[i].before, spins[i].line, 90, spins[i].after);
		expect(&few);
		tell_many(&slow, spins[i].before, spins[i].slow, 110, spins[i].after);
		expect(&slow);
	}
	(void)state;
}

static void short_send_waits(void **state)
{
#define EDGES "epoll_create1 = 9", "socketpair = 3 4", "epoll_ctl 9 = 0 op=ADD epolled=3:IN|OUT|ET value=3"
	expect(&(struct told){
	    .finding = "short-send-waits",
	    .story = {EDGES, SHORT " nonblocking", "epoll_wait 9 = 1 epolled=3:OUT", "close 3 = 0"},
	    .said = {4}});
	static const char *const right[][TOLD_LINES] = {
	    {EDGES, SHORT " nonblocking", "send 3 7 = -1 EAGAIN nonblocking rest=7:lo,_sir begin=lo,_sir:on",
	     "epoll_wait 9 = 1 epolled=3:OUT", "close 3 = 0"},
	    {EDGES, SHORT " nonblocking", "epoll_ctl 9 = 0 op=MOD epolled=3:IN|OUT|ET value=3",
	     "epoll_wait 9 = 1 epolled=3:OUT", "close 3 = 0"},
	    /* Level-triggered. */
	    {"epoll_create1 = 9", "socketpair = 3 4", "epoll_ctl 9 = 0 op=ADD epolled=3:IN|OUT value=3",
	     SHORT " nonblocking", "epoll_wait 9 = 1 epolled=3:OUT", "close 3 = 0"},
	};
	SILENT("short-send-waits", right);
	(void)state;
}

static void edge_not_drained(void **state)
{
#define FULL "recv 3 8 = 8 nonblocking"
	expect(&(struct told){
	    .finding = "edge-not-drained",
	    .story = {EDGES, FULL, "epoll_wait 9 = 0 limit=1000 took=1000", "close 3 = 0", "exit = 1"},
	    .said = {4}});
	expect(&(struct told){
	    .finding = "edge-not-drained",
	    .story = {EDGES, FULL, "epoll_wait 9", "killed SIGKILL"},
	    .said = {4},
	    .timed_out = true});
	static const char *const right[][TOLD_LINES] = {
	    {EDGES, FULL, "recv 3 8 = -1 EAGAIN nonblocking", "epoll_wait 9 = 0 limit=1000 took=1000", "exit = 1"},
	    {EDGES, FULL, "recv 3 8 = 3 nonblocking", "epoll_wait 9 = 0 limit=1000 took=1000", "exit = 1"},
	    /* It was as much as it wanted: the connection is idle, and then closed. */
	    {EDGES, FULL, "epoll_wait 9 = 0 limit=1000 took=1000", "close 3 = 0", "exit = 0"},
	    /* It remembered, or stopped for a reader that does not keep up. */
	    {EDGES, FULL, "epoll_wait 9 = 0 limit=1000 took=1000", FULL, "recv 3 8 = 0 nonblocking", "exit = 1"},
	    {EDGES, "socketpair = 5 6", FULL, "send 5 8 = -1 EAGAIN nonblocking rest=8:x begin=x",
	     "epoll_wait 9 = 0 limit=1000 took=1000", "exit = 1"},
	};
	SILENT("edge-not-drained", right);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(short_send_dropped_by_other_bytes),
	    cmocka_unit_test(short_send_dropped_by_nothing_more),
	    cmocka_unit_test(short_send_is_gone_on_with),
	    cmocka_unit_test(short_send_has_no_need_of_more),
	    cmocka_unit_test(short_send_repeated),
	    cmocka_unit_test(short_send_misplaced),
	    cmocka_unit_test(short_recv_taken_for_whole),
	    cmocka_unit_test(error_taken_for_length),
	    cmocka_unit_test(end_ignored),
	    cmocka_unit_test(reset_taken_for_end),
	    cmocka_unit_test(datagram_cut_unnoticed),
	    cmocka_unit_test(datagram_never_repeated),
	    cmocka_unit_test(again_fatal),
	    cmocka_unit_test(interrupt_fatal),
	    cmocka_unit_test(accept_gives_up),
	    cmocka_unit_test(a_hundred_times_is_a_spin),
	    cmocka_unit_test(short_send_waits),
	    cmocka_unit_test(edge_not_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
