/* SPDX-License-Identifier: MIT
 *
 * probe.c -- see probe.h. probe native|rule KIND SCRIPT
 *
 * SIGPIPE is blocked and looked for after each step, so that it needs no handler: handlers change what calls do.
 */
#include "probe.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__thread FILE *out;
bool is_native;
const char *kind;

static FILE *nowhere; /* for steps that are not written down: there may be no descriptor left for it later */

/* ---- small things ---- */

void give_up(const char *what)
{
	fprintf(stderr, "probe: %s (%s)\n", what, strerror(errno));
	_exit(98);
}

void must(bool holds, const char *what)
{
	if (!holds)
		give_up(what);
}

int number(const char *word, int otherwise)
{
	return word[0] ? atoi(word) : otherwise;
}

const char *errno_name(int err)
{
	const char *name = err ? strerrorname_np(err) : "0";

	return err == EAGAIN ? "EAGAIN" : name ? name : "unknown";
}

int *descriptor(const char *name)
{
	static int fds[128];

	must(name[0] && !name[1] && name[0] >= 'a' && name[0] <= 'z', "a socket's name is one letter");
	return &fds[(int)name[0]];
}

void say_result(long ret)
{
	if (ret < 0)
		fprintf(out, " = -1 %s", errno_name(errno));
	else
		fprintf(out, " = %ld", ret);
}

/* ---- signals ---- */

static volatile sig_atomic_t handled;

static void on_signal(int signal)
{
	(void)signal;
	handled++;
}

static void handle(const struct step *step)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (strcmp(step->words[1], "restart") == 0)
		action.sa_flags = SA_RESTART;
	must(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
}

static void say_signals(void)
{
	struct timespec at_once = {0, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	while (sigtimedwait(&set, NULL, &at_once) > 0)
		fprintf(out, " +SIGPIPE");
	for (; handled > 0; handled--)
		fprintf(out, " +SIGUSR1");
}

static void send_signal(const struct step *step)
{
	(void)step;
	raise(SIGUSR1);
}

/* ---- a second thread, for calls that wait ---- */

static struct {
	pthread_t thread;
	_Atomic pid_t tid;
	char text[256];
	char *said;
	size_t length;
} other;

static void *play_other(void *unused)
{
	out = open_memstream(&other.said, &other.length);
	other.tid = (pid_t)syscall(SYS_gettid);
	play(other.text);
	fclose(out);
	return unused;
}

/* start WORDS...: the step is played by the other thread; join writes what came of it. */
static void start(const struct step *step)
{
	other.text[0] = '\0';
	for (int i = 1; i < WORDS && step->words[i][0]; i++) {
		strcat(other.text, step->words[i]);
		strcat(other.text, " ");
	}
	other.tid = 0;
	must(pthread_create(&other.thread, NULL, play_other, NULL) == 0, "pthread_create");
}

static void join(const struct step *step)
{
	(void)step;
	pthread_join(other.thread, NULL);
	fprintf(out, ": %.*s", (int)other.length - 1, other.said);
	free(other.said);
}

/* Does the other thread sleep in a system call? (Not while it waits for a lock.) */
static bool sleeps(void)
{
	char path[64], line[64] = "running";
	FILE *file;

	snprintf(path, sizeof path, "/proc/self/task/%d/syscall", other.tid);
	file = other.tid ? fopen(path, "r") : NULL;
	if (!file)
		return false;
	if (!fgets(line, sizeof line, file))
		line[0] = 'r';
	fclose(file);
	return line[0] != 'r' && atoi(line) != SYS_futex;
}

static void await_sleep(const struct step *step)
{
	(void)step;
	for (int i = 0; i < 100000 && !sleeps(); i++)
		usleep(100);
	must(sleeps(), "the other thread does not wait");
}

static void signal_other(const struct step *step)
{
	(void)step;
	pthread_kill(other.thread, SIGUSR1);
}

static const struct verb own[] = {
    {"handle", handle},      {"raise", send_signal},      {"start", start}, {"join", join},
    {"sleeps", await_sleep}, {"interrupt", signal_other}, {NULL, NULL},
};

/* ---- steps ---- */

static const struct verb *find(const char *name)
{
	const struct verb *const tables[] = {own, calls, ready_calls, native_means};

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct verb *verb = tables[i]; verb->name; verb++)
			if (strcmp(verb->name, name) == 0)
				return verb;
	give_up(name);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What has to wait takes TIMEOUT_MS at least; more is the machine's doing. */
static void say_time(long took_ms)
{
	fprintf(out, took_ms < TIMEOUT_MS * 3 / 4 ? " at once" : " after its time");
}

static struct step split(char *text)
{
	struct step step;
	char *rest = NULL, *word = strtok_r(text, " \n\t", &rest);

	for (int i = 0; i < WORDS; i++) {
		step.words[i] = word ? word : "";
		word = word ? strtok_r(NULL, " \n\t", &rest) : NULL;
	}
	return step;
}

/* Drops the first word. */
static void shift(struct step *step)
{
	memmove(step->words, step->words + 1, (WORDS - 1) * sizeof step->words[0]);
	step->words[WORDS - 1] = "";
}

static void play_silently(const struct step *step)
{
	FILE *before = out;

	out = nowhere;
	find(step->words[0])->play(step);
	out = before;
}

void play(const char *text)
{
	char copy[512];
	bool timed = false;

	snprintf(copy, sizeof copy, "%s", text);
	struct step step = split(copy);
	char mark = step.words[0][0];

	if (mark == '\0' || (mark == 'N' && !is_native) || (mark == 'R' && is_native))
		return;
	if (mark == 'N' || mark == 'R' || mark == '~') {
		shift(&step);
		if (step.words[0][0] == '!')
			shift(&step);
		play_silently(&step);
		return;
	}
	for (; mark == '@' || mark == '!'; mark = step.words[0][0]) {
		timed = timed || mark == '@';
		shift(&step);
	}
	long start_ms = now_ms();

	for (int i = 0; step.words[i][0]; i++)
		fprintf(out, "%s%s", i ? " " : "", step.words[i]);
	find(step.words[0])->play(&step);
	if (timed)
		say_time(now_ms() - start_ms);
	if (strcmp(step.words[0], "start") != 0) /* what the other thread meets is told by join */
		say_signals();
	fprintf(out, "\n");
	fflush(out);
}

int main(int argc, char **argv)
{
	sigset_t set;
	char *rest = NULL;

	if (argc != 4)
		return 2;
	out = stdout;
	nowhere = fopen("/dev/null", "w");
	must(nowhere, "/dev/null");
	is_native = strcmp(argv[1], "native") == 0;
	kind = argv[2];
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	alarm(60);
	for (char *text = strtok_r(argv[3], ";", &rest); text; text = strtok_r(NULL, ";", &rest))
		play(text);
	return 0;
}
