/* SPDX-License-Identifier: MIT
 *
 * test_findings_state.c -- findings about the state of sockets, descriptors and processes: what they must say, and of
 * what they must be silent, on runs told by hand (told.h).
 */
#include "told.h"
#include "unit.h"

#define CLIENT "socket = 3", "connect 3 = 0"
#define SERVER "socket = 3", "bind 3 = 0", "listen 3 8 = 0"

static void send_after_shutdown(void **state)
{
	expect(&(struct told){
	    .finding = "send-after-shutdown",
	    .story = {CLIENT, "shutdown 3 = 0 how=WR", "recv 3 9 = 9", "send 3 10 = -1 EPIPE"},
	    .said = {5}});
	/* Another thread is called back. */
	expect(&(struct told){
	    .finding = "send-after-shutdown",
	    .story = {CLIENT, "thread = 2", "shutdown 3 = 0 how=RDWR", "2: send 3 10 = -1 EPIPE"}});
	/* It was over before. */
	expect(&(struct told){
	    .finding = "send-after-shutdown",
	    .story = {CLIENT, "recv 3 9 = -1 ECONNRESET", "shutdown 3 = 0 how=WR", "send 3 10 = -1 EPIPE"}});
	(void)state;
}

static void killed_by_sigpipe(void **state)
{
	/* Whatever other threads do meanwhile. */
	expect(&(struct told){
	    .finding = "killed-by-sigpipe",
	    .story = {CLIENT, "thread = 2", "2: send 3 10", "recv 3 10", "killed SIGPIPE"},
	    .said = {4}});
	expect(&(struct told){
	    .finding = "killed-by-sigpipe",
	    .story = {CLIENT, "send 3 10 = -1 EPIPE", "recv 3 10 = 0", "close 3 = 0", "killed SIGPIPE"}});
	expect(&(struct told){
	    .finding = "killed-by-sigpipe",
	    .story = {SERVER, "accept 3 = 4", "fork = 2", "2: send 4 10", "2: killed SIGPIPE", "accept 3", "lives"}});
	(void)state;
}

static void use_after_reset(void **state)
{
	expect(&(struct told){
	    .finding = "use-after-reset",
	    .story =
	        {CLIENT, "send 3 9 = -1 ECONNRESET fault=reset", "send 3 9 = -1 EPIPE", "send 3 9 = -1 EPIPE",
	         "recv 3 9 = 0", "send 3 9 = -1 EPIPE", "close 3 = 0"},
	    .said = {3},
	    .says = "send() failed with ECONNRESET, and 4 more calls followed"});
	/* Three are free. */
	expect(&(struct told){
	    .finding = "use-after-reset",
	    .story = {
	        CLIENT, "send 3 9 = -1 ECONNRESET", "send 3 9 = -1 EPIPE", "send 3 9 = -1 EPIPE", "recv 3 9 = 0",
	        "close 3 = 0"}});
	/* What had come before the end is read. */
	expect(&(struct told){
	    .finding = "use-after-reset",
	    .story = {
	        CLIENT, "send 3 9 = -1 ECONNRESET", "recv 3 9 = 9", "recv 3 9 = 9", "recv 3 9 = 9", "recv 3 9 = 9",
	        "recv 3 9 = 0", "close 3 = 0"}});
	/* Each thread has to be told. */
	expect(&(struct told){
	    .finding = "use-after-reset",
	    .story = {
	        CLIENT, "thread = 2", "thread = 3", "recv 3 9 = -1 ECONNRESET", "2: send 3 9 = -1 EPIPE",
	        "3: send 3 9 = -1 EPIPE", "2: send 3 9 = -1 EPIPE", "3: send 3 9 = -1 EPIPE", "close 3 = 0"}});
	/* The program's own shutdown is no end of the connection. */
	expect(&(struct told){
	    .finding = "use-after-reset",
	    .story = {
	        CLIENT, "shutdown 3 = 0 how=WR", "send 3 9 = -1 EPIPE", "send 3 9 = -1 EPIPE", "send 3 9 = -1 EPIPE",
	        "send 3 9 = -1 EPIPE", "send 3 9 = -1 EPIPE", "close 3 = 0"}});
	/* A datagram socket lives on, and so does one that connects again. */
	expect(&(struct told){
	    .finding = "use-after-reset",
	    .story = {
	        "socket = 3 dgram", "connect 3 = 0", "send 3 9 = -1 ECONNREFUSED", "recv 3 9 = -1 ECONNREFUSED",
	        "recv 3 9 = -1 ECONNREFUSED", "recv 3 9 = -1 ECONNREFUSED", "recv 3 9 = -1 ECONNREFUSED",
	        "recv 3 9 = -1 ECONNREFUSED"}});
	(void)state;
}

static void call_unchecked(void **state)
{
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {"socket = -1 EMFILE", "connect -1 = -1 EBADF"},
	    .said = {2},
	    .says = "connect() on descriptor -1: it is what socket() had returned, which failed with EMFILE"});
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {"socket = 3", "bind 3 = -1 EADDRINUSE", "listen 3 8 = 0", "accept 3 = 4"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {"socket = 3", "bind 3 = 0", "listen 3 8 = -1 EADDRINUSE", "accept 3 = -1 EINVAL"},
	    .said = {4}});
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {SERVER, "thread = 2", "accept 3 = -1 EMFILE", "2: recv -1 9 = -1 EBADF"},
	    .said = {6}});
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {"socket = 3", "connect 3 = -1 ECONNREFUSED", "recv 3 9 = -1 ENOTCONN", "send 3 9 = -1 EPIPE"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "call-unchecked", .story = {"socket = 3 dgram", "bind 3 = -1 EADDRINUSE", "recv 3 9"}, .said = {3}});
	(void)state;
}

static void call_unchecked_is_silent(void **state)
{
	/* Under way, interrupted, tried again. */
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "send 3 9 = -1 EAGAIN nonblocking",
	        "send 3 9 = -1 ECONNREFUSED nonblocking"}});
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {"socket = 3", "connect 3 = -1 ECONNREFUSED", "connect 3 = 0", "send 3 9 = -1 ECONNRESET"}});
	/* Some port to call from, privileged if it can be had. */
	expect(&(struct told){
	    .finding = "call-unchecked", .story = {"socket = 3", "bind 3 = -1 EACCES", "connect 3 = 0", "send 3 9 = 9"}});
	expect(&(struct told){
	    .finding = "call-unchecked",
	    .story = {"socket = 3 dgram", "bind 3 = -1 EACCES", "sendto 3 9 = 9", "recv 3 9 = 9"}});
	/* A number that was never a socket's. */
	expect(&(struct told){.finding = "call-unchecked", .story = {"socket = 3", "send -1 9 = -1 EBADF"}});
	(void)state;
}

static void connect_unchecked(void **state)
{
	expect(&(struct told){
	    .finding = "connect-unchecked",
	    .story =
	        {"socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "send 3 9 = -1 ECONNREFUSED nonblocking",
	         "send 3 9 = -1 EPIPE nonblocking"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "connect-unchecked",
	    .story =
	        {"socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "send 3 9 = -1 ETIMEDOUT nonblocking",
	         "recv 3 9 = 0 nonblocking", "close 3 = 0", "exit = 0"},
	    .said = {3},
	    .says = "(ETIMEDOUT), and the program went on with recv()"});
	/* It read what the peer may have said, and ended in error, or went elsewhere. */
	expect(&(struct told){
	    .finding = "connect-unchecked",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "send 3 9 = -1 ETIMEDOUT nonblocking",
	        "recv 3 9 = 0 nonblocking", "close 3 = 0", "exit = 1"}});
	expect(&(struct told){
	    .finding = "connect-unchecked",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "send 3 9 = -1 ETIMEDOUT nonblocking",
	        "recv 3 9 = 0 nonblocking", "close 3 = 0", CLIENT, "exit = 0"}});
	/* It asked. */
	expect(&(struct told){
	    .finding = "connect-unchecked",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "getsockopt 3 = 0 option=SO_ERROR value=111",
	        "send 3 9 = -1 EPIPE", "send 3 9 = -1 EPIPE"}});
	expect(&(struct told){
	    .finding = "connect-unchecked",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "getpeername 3 = -1 ENOTCONN",
	        "recv 3 9 = -1 ECONNREFUSED", "send 3 9 = -1 EPIPE"}});
	/* It worked; what comes later is another matter. */
	expect(&(struct told){
	    .finding = "connect-unchecked",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINPROGRESS nonblocking", "send 3 9 = 9", "send 3 9 = -1 ECONNRESET",
	        "send 3 9 = -1 EPIPE"}});
	(void)state;
}

static void connect_interrupted_again(void **state)
{
	expect(&(struct told){
	    .finding = "connect-interrupted-again",
	    .story = {"socket = 3", "connect 3 = -1 EINTR", "connect 3 = -1 EALREADY", "close 3 = 0"},
	    .said = {3},
	    .says = "still under way"});
	expect(&(struct told){
	    .finding = "connect-interrupted-again",
	    .story = {"socket = 3", "connect 3 = -1 EINTR", "connect 3 = -1 EISCONN", "exit = 1"},
	    .said = {3}});
	/* By luck. */
	expect(&(struct told){
	    .finding = "connect-interrupted-again",
	    .story = {"socket = 3", "connect 3 = -1 EINTR", "connect 3 = 0", "send 3 9 = 9", "close 3 = 0"}});
	/* Rightly: it waits, asks, or goes on. */
	expect(&(struct told){
	    .finding = "connect-interrupted-again",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINTR", "connect 3 = -1 EALREADY", "poll 1 = 1 polled=3:OUT:OUT",
	        "close 3 = 0"}});
	expect(&(struct told){
	    .finding = "connect-interrupted-again",
	    .story = {"socket = 3", "connect 3 = -1 EINTR", "connect 3 = -1 EISCONN", "send 3 9 = 9", "close 3 = 0"}});
	expect(&(struct told){
	    .finding = "connect-interrupted-again",
	    .story = {
	        "socket = 3", "connect 3 = -1 EINTR", "poll 1 = 1 polled=3:OUT:OUT", "connect 3 = -1 EISCONN",
	        "close 3 = 0"}});
	/* Nothing is under way there. */
	expect(&(struct told){
	    .finding = "connect-interrupted-again",
	    .story = {"socket = 3 unix", "connect 3 = -1 EINTR", "connect 3 = -1 EALREADY", "close 3 = 0"}});
	(void)state;
}

static void use_after_close(void **state)
{
	expect(&(struct told){
	    .finding = "use-after-close",
	    .story = {CLIENT, "close 3 = 0", "send 3 9 = -1 EBADF closed"},
	    .said = {4},
	    .says = "send() on descriptor 3, which the program had closed"});
	expect(&(struct told){
	    .finding = "use-after-close",
	    .story = {CLIENT, "socket = 4", "close 3 = 0", "poll 2 = 1 polled=3:IN:NVAL,4:IN"},
	    .said = {5}});
	expect(&(struct told){
	    .finding = "use-after-close",
	    .story = {CLIENT, "close 3 = 0", "select 4 = -1 EBADF polled=3:IN"},
	    .said = {4}});
	/* Another thread is got out of its call so: there is no good way, but it is meant. */
	expect(&(struct told){
	    .finding = "use-after-close", .story = {CLIENT, "thread = 2", "close 3 = 0", "2: recv 3 9 = -1 EBADF closed"}});
	/* Questions. */
	expect(&(struct told){.finding = "use-after-close", .story = {CLIENT, "close 3 = 0", "fcntl 3 = -1 EBADF closed"}});
	/* It was given out again. */
	expect(&(struct told){
	    .finding = "use-after-close",
	    .story = {CLIENT, "close 3 = 0", "socket = 3", "poll 1 = 0 polled=3:IN", "send 3 9 = -1 EPIPE"}});
	/* Somewhere in a row of numbers. */
	expect(&(struct told){.finding = "use-after-close", .story = {CLIENT, "close 3 = 0", "close 3 = -1 EBADF closed"}});
	(void)state;
}

static void double_close(void **state)
{
	expect(&(struct told){
	    .finding = "double-close",
	    .story = {CLIENT, "fclose 3 = 0", "close 3 = -1 EBADF closed"},
	    .said = {4},
	    .says = "close() of descriptor 3, which fclose() had closed"});
	expect(&(struct told){
	    .finding = "double-close",
	    .story = {CLIENT, "thread = 2", "close 3 = 0", "2: close 3 = -1 EBADF closed"},
	    .said = {5},
	    .says = "in another thread"});
	/* All numbers are closed, open or not. */
	expect(&(struct told){.finding = "double-close", .story = {CLIENT, "close 3 = 0", "close 3 = -1 EBADF swept"}});
	/* Nobody could have got the number in between; unless there is somebody, or an error path is at fault. */
	expect(&(struct told){.finding = "double-close", .story = {CLIENT, "close 3 = 0", "close 3 = -1 EBADF closed"}});
	expect(&(struct told){
	    .finding = "double-close",
	    .story = {CLIENT, "thread = 2", "close 3 = 0", "close 3 = -1 EBADF closed"},
	    .said = {5}});
	expect(&(struct told){
	    .finding = "double-close",
	    .story = {CLIENT, "recv 3 9 = -1 ECONNRESET", "close 3 = 0", "close 3 = -1 EBADF closed"},
	    .said = {5}});
	/* The child's own number. */
	expect(&(struct told){.finding = "double-close", .story = {CLIENT, "fork = 2", "close 3 = 0", "2: close 3 = 0"}});
	/* That is close-retried. */
	expect(&(struct told){
	    .finding = "double-close", .story = {CLIENT, "close 3 = -1 EINTR", "close 3 = -1 EBADF closed"}});
	(void)state;
}

static void close_retried(void **state)
{
	expect(&(struct told){
	    .finding = "close-retried",
	    .story = {CLIENT, "close 3 = -1 EINTR posix fault=fail:EINTR", "close 3 = -1 EBADF closed"},
	    .said = {4}});
	expect(&(struct told){
	    .finding = "close-retried",
	    .story = {CLIENT, "thread = 2", "close 3 = -1 EINTR", "2: socket = 3", "close 3 = 0"},
	    .said = {6},
	    .says = "another thread's"});
	/* A connection of another thread's that is this one's to close, later. */
	expect(&(struct told){
	    .finding = "close-retried",
	    .story = {
	        CLIENT, "thread = 2", "close 3 = -1 EINTR", "2: socket = 3", "poll 1 = 1 polled=3:IN:IN", "close 3 = 0"}});
	/* It is this thread's own. */
	expect(&(struct told){
	    .finding = "close-retried", .story = {CLIENT, "close 3 = -1 EINTR", "socket = 3", "close 3 = 0"}});
	expect(&(struct told){.finding = "close-retried", .story = {CLIENT, "close 3 = 0", "close 3 = -1 EBADF closed"}});
	(void)state;
}

static void descriptor_leak(void **state)
{
#define TRY(fd) "socket = " #fd " site=2", "connect " #fd " = -1 ECONNREFUSED"
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {TRY(3), TRY(4), "socket = 5 site=2", "connect 5 = 0", "close 5 = 0", "exit = 0"},
	    .said = {1},
	    .says = "2 of 3 sockets made here were never closed: connect() on them had failed (ECONNREFUSED)"});
	/* One alone, where the fault-free run closes its like. */
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {TRY(3), "socket = 4 site=2", "connect 4 = 0", "close 4 = 0", "exit = 0"},
	    .said = {1},
	    .baseline = {"socket = 3 site=2", "connect 3 = 0", "close 3 = 0", "exit = 0"}});
	/* A server that is ended: what has failed it has kept. */
#define LOST(fd) "accept 3 = " #fd " site=2", "recv " #fd " 9 = -1 ECONNRESET"
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {SERVER, LOST(4), LOST(5), LOST(6), "accept 3 = 7 site=2", "accept 3", "killed SIGTERM"},
	    .said = {4}});
	(void)state;
}

static void descriptor_leak_is_silent(void **state)
{
	/* It ends: that closes. */
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {TRY(3), "exit = 1"},
	    .baseline = {"socket = 3 site=2", "connect 3 = 0", "close 3 = 0", "exit = 0"}});
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {
	        "socket = 3 site=2", "socket = 4 site=2", "socket = 5 site=2", "connect 3 = -1 ECONNREFUSED",
	        "connect 4 = -1 ECONNREFUSED", "connect 5 = -1 ECONNREFUSED", "exit = 1"}});
	/* What lives is kept for later. */
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {
	        SERVER, "accept 3 = 4 site=2", "recv 4 9 = 9", "accept 3 = 5 site=2", "recv 5 9 = 9", "accept 3 = 6 site=2",
	        "recv 6 9 = 9", "accept 3 = 7 site=2", "killed SIGTERM"}});
	/* The same socket connects after all. */
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {
	        TRY(3), "connect 3 = 0", TRY(4), "connect 4 = 0", TRY(5), "connect 5 = 0", "socket = 6", "exit = 0"}});
	/* The child has it too; the parent has closed it. */
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {
	        TRY(3), "fork = 2", "close 3 = 0", TRY(3), "fork = 3", "close 3 = 0", TRY(3), "fork = 4", "close 3 = 0",
	        "socket = 3", "2: exit = 0", "3: exit = 0", "4: exit = 0", "exit = 0"}});
	/* Another thread is quicker. */
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story =
	        {SERVER, "accept 3 = 4", "thread = 2", "2: recv 4 9 = -1 ECONNRESET", "accept 3 = 5 site=4", "2: send 4 9",
	         "killed SIGPIPE"},
	    .baseline = {SERVER, "accept 3 = 4", "thread = 2", "2: recv 4 9 = 0", "2: close 4 = 0", "killed SIGTERM"}});
	/* Closed late. */
	expect(&(struct told){
	    .finding = "descriptor-leak",
	    .story = {
	        TRY(3), TRY(4), TRY(5), "socket = 6 site=2", "close 3 = 0", "close 4 = 0", "close 5 = 0", "exit = 0"}});
	(void)state;
}

static void dies_with_client(void **state)
{
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4", "poll 2 = 1 polled=3:IN,4:IN:IN", "recv 4 9 = -1 ECONNRESET", "exit = 1"},
	    .said = {6},
	    .says = "the server ended (status 1) after recv() on one connection had failed with ECONNRESET"});
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4", "thread = 2", "accept 3", "2: send 4 9 = -1 ETIMEDOUT", "killed SIGABRT"},
	    .said = {7},
	    .says = "signal 6"});
	/* Where another thread is meanwhile does not matter. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4", "thread = 2", "2: send 4 9 = -1 ETIMEDOUT", "accept 3", "killed SIGABRT"},
	    .said = {6}});
	/* The fault-free run goes on to the next. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4 site=4", "recv 4 9 = -1 ECONNRESET", "exit = 1"},
	    .said = {5},
	    .baseline = {
	        SERVER, "accept 3 = 4 site=4", "recv 4 9 = 0", "close 4 = 0", "accept 3 site=4", "killed SIGTERM"}});
	(void)state;
}

static void dies_with_client_is_silent(void **state)
{
	/* A server for one client. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4", "close 3 = 0", "recv 4 9 = -1 ECONNRESET", "exit = 1"}});
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4 site=4", "recv 4 9 = -1 ECONNRESET", "exit = 1"},
	    .baseline = {SERVER, "accept 3 = 4 site=4", "recv 4 9 = 0", "exit = 0"}});
	/* It was asked to end, and does. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4", "poll 2 = 1 polled=3:IN,4:IN:IN", "recv 4 9 = -1 ECONNRESET", "exit = 0"},
	    .asked_to_end = true});
	/* It went back to the others, and ended later. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {
	        SERVER, "accept 3 = 4", "poll 2 = 1 polled=3:IN,4:IN:IN", "recv 4 9 = -1 ECONNRESET", "close 4 = 0",
	        "poll 1 = -1 EINTR polled=3:IN", "exit = 0"}});
	/* A worker whose parent has the listener. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {
	        SERVER, "fork = 2", "2: accept 3 = 4", "2: recv 4 9 = 0", "2: accept 3 = 5", "2: recv 5 9 = -1 ECONNRESET",
	        "2: exit = 1", "lives"}});
	/* The thread of that client has done its work; another one ends the program. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {
	        SERVER, "accept 3 = 4", "thread = 2", "2: send 4 9 = -1 ETIMEDOUT", "2: close 4 = 0", "accept 3 = 4",
	        "close 4 = 0", "exit = 0"}});
	/* Asked to. */
	expect(&(struct told){
	    .finding = "dies-with-client",
	    .story = {SERVER, "accept 3 = 4", "accept 3 = 5", "recv 4 9 = -1 ECONNRESET", "killed SIGTERM"}});
	(void)state;
}

static void first_address_only(void **state)
{
	expect(&(struct told){
	    .finding = "first-address-only",
	    .story =
	        {"getaddrinfo = 0 value=2", "socket = 3", "connect 3 = -1 ECONNREFUSED buffer=1", "close 3 = 0",
	         "socket = 3", "connect 3 = -1 ECONNREFUSED buffer=1", "exit = 1"},
	    .said = {3},
	    .says = "connect() to the first of 2 addresses: ECONNREFUSED; it was tried 2 times"});
	/* It tried the next. */
	expect(&(struct told){
	    .finding = "first-address-only",
	    .story = {
	        "getaddrinfo = 0 value=2", "socket = 3", "connect 3 = -1 ECONNREFUSED buffer=1", "close 3 = 0",
	        "socket = 3", "connect 3 = -1 ECONNREFUSED buffer=2", "exit = 1"}});
	/* There is no other; it needs none; it was ended. */
	expect(&(struct told){
	    .finding = "first-address-only",
	    .story = {"getaddrinfo = 0 value=1", "socket = 3", "connect 3 = -1 ECONNREFUSED buffer=1", "exit = 1"}});
	expect(&(struct told){
	    .finding = "first-address-only",
	    .story = {"getaddrinfo = 0 value=2", "socket = 3", "connect 3 = -1 ECONNREFUSED buffer=1", "exit = 0"}});
	expect(&(struct told){
	    .finding = "first-address-only",
	    .story = {"getaddrinfo = 0 value=2", "socket = 3", "connect 3 = -1 ECONNREFUSED buffer=1", "killed SIGTERM"}});
	expect(&(struct told){
	    .finding = "first-address-only",
	    .story = {
	        "getaddrinfo = 0 value=2", "socket = 3", "connect 3 = -1 EINPROGRESS nonblocking buffer=1", "send 3 9 = 9",
	        "exit = 1"}});
	(void)state;
}

static void children_not_reaped(void **state)
{
#define CHILD(n) "fork = " #n " site=2", #n ": exit = 0"
	expect(&(struct told){
	    .finding = "children-not-reaped",
	    .story = {"socket = 3", CHILD(2), CHILD(3), CHILD(4), "exit = 0"},
	    .said = {6},
	    .says = "of 3 children 2 had ended"});
	/* It waits. */
	expect(&(struct told){
	    .finding = "children-not-reaped",
	    .story = {"socket = 3", CHILD(2), CHILD(3), "waitpid = 102", CHILD(4), "exit = 0"}});
	/* The kernel does. */
	expect(&(struct told){
	    .finding = "children-not-reaped",
	    .story = {"socket = 3", "fork = 2 signals=SIGCHLD:ignored", "2: exit = 0", CHILD(3), CHILD(4), "exit = 0"}});
	/* None has ended. */
	expect(&(struct told){
	    .finding = "children-not-reaped",
	    .story = {
	        "socket = 3", "fork = 2", "fork = 3", "fork = 4", "2: exit = 0", "3: exit = 0", "4: exit = 0",
	        "exit = 0"}});
	/* One each. */
	expect(&(struct told){.finding = "children-not-reaped", .story = {"socket = 3", CHILD(2), CHILD(3), "exit = 0"}});
	(void)state;
}

static void descriptor_shared_with_child(void **state)
{
	expect(&(struct told){
	    .finding = "descriptor-shared-with-child",
	    .story =
	        {SERVER, "accept 3 = 4", "fork = 2", "2: close 3 = 0", "2: recv 4 9 = 0", "2: exit = 0", "accept 3 = 5",
	         "killed SIGTERM"},
	    .said = {4},
	    .says = "1 connection accepted here and served by a child stayed open"});
	expect(&(struct told){
	    .finding = "descriptor-shared-with-child",
	    .story =
	        {SERVER, "accept 3 = 4", "fork = 2", "close 4 = 0", "2: recv 4 9 = 9", "close 3 = 0", "2: recv 4 9 = 0",
	         "2: exit = 0", "exit = 0"},
	    .said = {5}});
	(void)state;
}

static void descriptor_shared_with_child_is_silent(void **state)
{
	/* The parent has closed it; or is about to. */
	expect(&(struct told){
	    .finding = "descriptor-shared-with-child",
	    .story = {
	        SERVER, "accept 3 = 4", "fork = 2", "2: close 3 = 0", "close 4 = 0", "2: recv 4 9 = 0", "2: exit = 0",
	        "accept 3 = 4", "killed SIGTERM"}});
	expect(&(struct told){
	    .finding = "descriptor-shared-with-child",
	    .story = {SERVER, "accept 3 = 4", "fork = 2", "2: close 3 = 0", "2: recv 4 9 = 0", "2: exit = 0", "exit = 0"}});
	/* It uses it itself. */
	expect(&(struct told){
	    .finding = "descriptor-shared-with-child",
	    .story = {
	        SERVER, "accept 3 = 4", "fork = 2", "2: close 3 = 0", "2: recv 4 9 = 0", "send 4 9 = 9", "2: exit = 0",
	        "accept 3 = 5", "killed SIGTERM"}});
	/* Workers that accept there, and a child that has ended before. */
	expect(&(struct told){
	    .finding = "descriptor-shared-with-child",
	    .story = {SERVER, "fork = 2", "2: accept 3 = 4", "2: recv 4 9 = 9", "close 3 = 0", "2: exit = 0", "exit = 0"}});
	expect(&(struct told){
	    .finding = "descriptor-shared-with-child",
	    .story = {
	        SERVER, "accept 3 = 4", "fork = 2", "close 4 = 0", "2: recv 4 9 = 0", "2: exit = 0", "close 3 = 0",
	        "exit = 0"}});
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOLDS(send_after_shutdown),
	    HOLDS(killed_by_sigpipe),
	    HOLDS(use_after_reset),
	    HOLDS(call_unchecked),
	    HOLDS(call_unchecked_is_silent),
	    HOLDS(connect_unchecked),
	    HOLDS(connect_interrupted_again),
	    HOLDS(use_after_close),
	    HOLDS(double_close),
	    HOLDS(close_retried),
	    HOLDS(descriptor_leak),
	    HOLDS(descriptor_leak_is_silent),
	    HOLDS(dies_with_client),
	    HOLDS(dies_with_client_is_silent),
	    HOLDS(first_address_only),
	    HOLDS(children_not_reaped),
	    HOLDS(descriptor_shared_with_child),
	    HOLDS(descriptor_shared_with_child_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
