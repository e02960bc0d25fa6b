/* SPDX-License-Identifier: MIT
 *
 * batch.c -- `sockfault batch`: many subcommands from one process, for harnesses. A request is read from standard
 * input, run in a fork of this process, and answered by a line of JSON when it has ended. So neither the command nor
 * what asks for it is started afresh for each run. What a request does, it does to its own process; this one reads,
 * forks and waits, and when it ends, so does what it has started. The protocol is in sockfault(1).
 */
#include "cli/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/arenafile.h"
#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/tree.h"
#include "cli/verdicts.h"

#define REQUESTS_MAX 256 /* at the same time; further ones wait in the pipe */
#define REQUEST_BYTES_MAX (16 << 20)
#define TROUBLE_BYTES 1024
#define GRACE_NS UINT64_C(10000000000) /* for a run to clear away after itself */

/* One request, from its fork to its answer. The room outlives it and serves the next. */
struct request {
	pid_t pid; /* 0: this place is free */
	char *id;
	int outcome; /* memory file, -1: not made yet */
	char *trouble;
	uint64_t start_ns;
};

struct batch {
	struct request requests[REQUESTS_MAX];
	size_t count;  /* under way */
	sigset_t mask; /* as we were started */
	struct sigaction child;
	int signals;
	bool at_end;   /* of the requests */
	int ended_by;  /* signal, 0: none */
	bool is_heard; /* somebody reads the answers */
	uint64_t kill_at_ns;
	char *bytes; /* what was read and not yet understood */
	size_t length, room;
	struct sf_output out;
};

int sf_batch_outcome = -1;

/* ---- one request, in its own process ---- */

struct wishes {
	const char *in, *out, *err;
	char **words; /* of the subcommand */
	int count;
};

static const char *after(const char *word, const char *key)
{
	size_t length = strlen(key);

	return strncmp(word, key, length) == 0 ? word + length : NULL;
}

static void set_variable(const char *setting)
{
	const char *equals = strchr(setting, '=');

	if (!equals || equals == setting)
		sf_die("set= wants NAME=VALUE, not '%s'", setting);
	char *name = sf_print("%.*s", (int)(equals - setting), setting);

	setenv(name, equals + 1, 1);
	free(name);
}

/* The words before the subcommand, each KEY=VALUE. */
static void read_wishes(struct wishes *wishes)
{
	for (; wishes->count && strchr(wishes->words[0], '='); wishes->words++, wishes->count--) {
		const char *word = wishes->words[0], *value;

		if ((value = after(word, "in=")))
			wishes->in = value;
		else if ((value = after(word, "out=")))
			wishes->out = value;
		else if ((value = after(word, "err=")))
			wishes->err = value;
		else if ((value = after(word, "set=")))
			set_variable(value);
		else if ((value = after(word, "unset=")))
			unsetenv(value);
		else if ((value = after(word, "cwd=")) && chdir(value) != 0)
			sf_die("can't change to the folder %s: %s", value, strerror(errno));
		else if (!value && !after(word, "id="))
			sf_die("a request knows id=, in=, out=, err=, cwd=, set= and unset=, but not '%s'", word);
	}
}

static void open_as(int number, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0 || dup2(fd, number) < 0)
		sf_die("can't open %s: %s", path, strerror(errno));
	close(fd);
}

static void redirect(const struct wishes *wishes)
{
	const int writing = O_WRONLY | O_CREAT | O_TRUNC;
	bool both = wishes->out && wishes->err && strcmp(wishes->out, wishes->err) == 0;

	if (wishes->in)
		open_as(STDIN_FILENO, wishes->in, O_RDONLY);
	if (wishes->out)
		open_as(STDOUT_FILENO, wishes->out, writing);
	if (both)
		dup2(STDOUT_FILENO, STDERR_FILENO);
	else if (wishes->err)
		open_as(STDERR_FILENO, wishes->err, writing);
}

/* A session of its own: nothing in it reaches for a terminal, and no key there reaches it. Its descriptors are those
 * that it asked for; the rest of ours is closed where something is executed. */
static void begin(const struct batch *b, const struct request *request, pid_t worker)
{
	setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0 || getppid() != worker)
		_exit(SF_STATUS_TROUBLE);
	sf_batch_outcome = request->outcome;
	sf_trouble = request->trouble;
	sf_trouble_size = TROUBLE_BYTES;
	open_as(STDIN_FILENO, "/dev/null", O_RDONLY);
	open_as(STDOUT_FILENO, "/dev/null", O_WRONLY);
	open_as(STDERR_FILENO, "/dev/null", O_WRONLY);
	sigaction(SIGCHLD, &b->child, NULL);
	sigprocmask(SIG_SETMASK, &b->mask, NULL);
}

_Noreturn static void become_request(const struct batch *b, const struct request *request, pid_t worker, char **words)
{
	struct wishes wishes = {.words = words};

	begin(b, request, worker);
	while (words[wishes.count])
		wishes.count++;
	read_wishes(&wishes);
	redirect(&wishes);
	if (!wishes.count)
		sf_die("a request has no subcommand");
	if (sf_command_find(wishes.words[0]) < 0 || strcmp(wishes.words[0], "batch") == 0)
		sf_die("there is no command '%s' in a batch", wishes.words[0]);
	exit(sf_command_call(wishes.count, wishes.words));
}

/* ---- answers ---- */

static void end_all(struct batch *b, int signal)
{
	if (!b->kill_at_ns)
		b->kill_at_ns = sf_clock_ns() + GRACE_NS;
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (b->requests[i].pid)
			(void)kill(b->requests[i].pid, signal);
}

/* Its reader may be gone long before there is something to say. */
static void lose_reader(struct batch *b)
{
	b->is_heard = false;
	end_all(b, SIGTERM);
}

/* A memory file as it was left by the request; it is empty again then. */
static void put_outcome(struct sf_output *out, int fd)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *text = length > 0 ? sf_allocate((size_t)length) : NULL;

	sf_put_text(out, ",\"outcome\":");
	if (text && pread(fd, text, (size_t)length, 0) == length)
		sf_put(out, text, (size_t)length);
	else
		sf_put_text(out, "null");
	free(text);
	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		sf_die("can't use memory again: %s", strerror(errno));
}

static void answer(struct batch *b, struct request *request, int status)
{
	struct sf_output *out = &b->out;
	size_t length = strnlen(request->trouble, TROUBLE_BYTES);

	sf_put_text(out, "{\"id\":");
	sf_put_json(out, request->id, strlen(request->id));
	sf_put_text(out, ",\"status\":");
	sf_put_signed(out, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	sf_put_text(out, ",\"signal\":");
	if (WIFSIGNALED(status))
		sf_put_signed(out, WTERMSIG(status));
	else
		sf_put_text(out, "null");
	sf_put_text(out, ",\"wall_ns\":");
	sf_put_number(out, sf_clock_ns() - request->start_ns);
	sf_put_text(out, ",\"error\":");
	if (length)
		sf_put_json(out, request->trouble, length);
	else
		sf_put_text(out, "null");
	put_outcome(out, request->outcome);
	sf_put_text(out, "}\n");
	sf_output_flush(out);
	if (out->closed && b->is_heard)
		lose_reader(b);
}

static struct request *request_of(struct batch *b, pid_t pid)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (b->requests[i].pid == pid)
			return &b->requests[i];
	return NULL;
}

/* A run that was itself killed could not clear away: what it leaves is our child now, and is ended. */
static void end_stray(pid_t pid, void *batch)
{
	if (!request_of(batch, pid))
		(void)kill(pid, SIGKILL);
}

static void reap(struct batch *b)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct request *request = request_of(b, pid);

		if (request) {
			request->pid = 0;
			b->count--;
			answer(b, request, status);
			free(request->id);
		}
		if (!request || WIFSIGNALED(status))
			sf_tree_children(end_stray, b);
	}
}

/* ---- requests ---- */

static void ready(struct request *request)
{
	if (request->outcome < 0)
		request->outcome = memfd_create("sockfault-outcome", MFD_CLOEXEC);
	if (request->outcome < 0)
		sf_die("can't make a file in memory: %s", strerror(errno));
	request->trouble[0] = '\0';
}

static const char *id_of(char **words)
{
	const char *id = "";

	for (; *words && strchr(*words, '='); words++)
		if (after(*words, "id="))
			id = after(*words, "id=");
	return id;
}

static void start(struct batch *b, char **words)
{
	struct request *request = request_of(b, 0);
	pid_t worker = getpid();

	ready(request);
	request->id = sf_print("%s", id_of(words));
	request->start_ns = sf_clock_ns();
	request->pid = fork();
	if (request->pid == 0)
		become_request(b, request, worker, words);
	if (request->pid < 0)
		sf_die("can't make a process: %s", strerror(errno));
	b->count++;
}

/* The words of the first request that is all there, and the bytes that it takes; NULL: it is not. */
static char **first_request(const struct batch *b, size_t *taken)
{
	const char *end = b->bytes + b->length;
	char *at = b->length ? memchr(b->bytes, '\0', b->length) : NULL, *rest;

	if (!at)
		return NULL;
	unsigned long count = strtoul(b->bytes, &rest, 10);

	if (rest != at || rest == b->bytes || count > REQUEST_BYTES_MAX)
		sf_die("a request begins with the number of its words, not with '%s'", b->bytes);
	char **words = sf_allocate((count + 1) * sizeof *words);

	for (unsigned long i = 0; i < count; i++) {
		words[i] = at + 1;
		at = at + 1 < end ? memchr(at + 1, '\0', (size_t)(end - at - 1)) : NULL;
		if (!at) {
			free(words);
			return NULL;
		}
	}
	*taken = (size_t)(at + 1 - b->bytes);
	return words;
}

static void start_all(struct batch *b)
{
	size_t taken;

	for (char **words; b->count < REQUESTS_MAX && (words = first_request(b, &taken)); free(words)) {
		start(b, words);
		b->length -= taken;
		memmove(b->bytes, b->bytes + taken, b->length);
	}
}

static void read_requests(struct batch *b)
{
	if (b->room - b->length < 4096 && b->room > REQUEST_BYTES_MAX)
		sf_die("a request is longer than %d MiB", REQUEST_BYTES_MAX >> 20);
	if (b->room - b->length < 4096 && !(b->bytes = realloc(b->bytes, b->room = 2 * b->room + 65536)))
		sf_die("out of memory");
	ssize_t length = read(STDIN_FILENO, b->bytes + b->length, b->room - b->length);

	if (length < 0 && errno != EINTR && errno != EAGAIN)
		sf_die("can't read requests: %s", strerror(errno));
	b->at_end = length == 0;
	b->length += length > 0 ? (size_t)length : 0;
}

/* ---- the loop ---- */

static void read_signals(struct batch *b)
{
	struct signalfd_siginfo info;

	while (read(b->signals, &info, sizeof info) == sizeof info)
		if (info.ssi_signo != SIGCHLD && !b->ended_by) {
			b->ended_by = (int)info.ssi_signo;
			end_all(b, SIGTERM);
		}
}

static void turn(struct batch *b)
{
	bool may_read = !b->at_end && !b->ended_by && b->is_heard && b->count < REQUESTS_MAX;
	struct pollfd fds[] = {
	    {b->signals, POLLIN, 0}, {may_read ? STDIN_FILENO : -1, POLLIN, 0}, {b->is_heard ? STDOUT_FILENO : -1, 0, 0}};

	(void)poll(fds, 3, b->kill_at_ns ? 100 : -1);
	if (fds[0].revents)
		read_signals(b);
	reap(b);
	if (b->is_heard && (fds[2].revents & (POLLERR | POLLHUP)))
		lose_reader(b);
	if (fds[1].revents)
		read_requests(b);
	if (!b->ended_by && b->is_heard)
		start_all(b);
	if (b->at_end && b->length && !b->count)
		sf_die("the last request is cut off");
	if (b->kill_at_ns && sf_clock_ns() > b->kill_at_ns)
		end_all(b, SIGKILL);
}

static bool is_over(const struct batch *b)
{
	bool is_done = b->at_end && !b->length;

	return !b->count && (is_done || b->ended_by || !b->is_heard);
}

static void open_signals(struct batch *b)
{
	static const int ours[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t set, blocked;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		sigaddset(&set, ours[i]);
	blocked = set;
	sigaddset(&blocked, SIGPIPE); /* not ignored, which what we start would inherit */
	if (sigprocmask(SIG_BLOCK, &blocked, &b->mask) != 0 || sigaction(SIGCHLD, &standard, &b->child) != 0)
		sf_die("can't wait for children: %s", strerror(errno));
	b->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (b->signals < 0)
		sf_die("can't wait for signals: %s", strerror(errno));
}

/* What each request would find out again. */
static void warm(struct batch *b)
{
	char *trouble = mmap(NULL, REQUESTS_MAX * TROUBLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (trouble == MAP_FAILED)
		sf_die("out of memory");
	sf_verdicts_share();
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		b->requests[i].outcome = -1;
		b->requests[i].trouble = trouble + i * TROUBLE_BYTES;
	}
	(void)sf_path_library();
	(void)sf_path_runs();
	(void)sf_clock_is_steady();
	sf_arena_file_remove_older(NULL);
}

int sf_cmd_batch(int argc, char **argv)
{
	static struct batch b = {.is_heard = true, .out.fd = STDOUT_FILENO};
	struct sf_words words;

	sf_words_begin(&words, argc, argv);
	while (sf_words_next(&words))
		;
	if (words.operand_count)
		sf_words_refuse(&words, "its requests come by standard input, not as '%s'", words.operands[0]);
	sf_tree_begin();
	warm(&b);
	open_signals(&b);
	while (!is_over(&b))
		turn(&b);
	return b.ended_by ? 128 + b.ended_by : SF_STATUS_GOOD;
}
