/* SPDX-License-Identifier: MIT
 *
 * watch.c -- lives through a run: one loop that waits for signals, children and the peer's output, grows the trace, and
 * goes from phase to phase. Signals are blocked and read from a descriptor, so that none is lost and no handler is
 * needed. Whatever ends the command, nothing that it started stays behind unless it is killed outright.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/doctor.h"
#include "cli/intact.h"
#include "cli/launch.h"
#include "cli/run.h"
#include "cli/turn.h"

#define SECOND_NS UINT64_C(1000000000)
#define READY_WITHIN_NS (10 * SECOND_NS) /* a peer or a server listens */
#define LOADED_WITHIN_NS (5 * SECOND_NS) /* the library is seen in the target, or never */
#define SERVER_GRACE_NS (5 * SECOND_NS)  /* from SIGTERM to SIGKILL */
#define PEER_GRACE_NS (SECOND_NS / 20)   /* a peer may end by itself once its client has */
#define CLIENT_GRACE_NS (5 * SECOND_NS)  /* a client may end by itself once its server has */
#define REST_WITHIN_NS SECOND_NS         /* a server comes to rest once its client has ended, or never does */
#define NEXT_TRIES 3
#define TELL_AFTER_NS (3 * SECOND_NS) /* what is still waited for */
#define BUSY_PAUSE_NS 2000000         /* while something is about to get ready */

enum phase { PEER_STARTS, TARGET_RUNS, SERVER_STARTS, CLIENT_RUNS, NEXT_RUNS, SERVER_ENDS, PEER_ENDS, OVER };

struct watch {
	struct sf_run *run;
	struct sf_tree tree;
	enum phase phase;
	uint64_t now_ns;
	uint64_t phase_ns; /* when it began */
	uint64_t alone_ns; /* when the target itself had ended, 0: not yet */
	uint64_t quiet_ns; /* since when a server's rest is waited for, 0: it is not */
	uint64_t turns;    /* that its threads had had when they were last looked at */
	int signals;
	bool told, is_loaded, is_killing, is_spoiled;
	bool peer_has_port; /* the peer listens on {port}, at an address of its own */
};

/* What is left to clear away if the command has to end early. */
static struct watch *current;
static pid_t owner;

/* ---- ending things ---- */

static void end_helper(struct sf_helper *helper)
{
	if (helper->pid && !helper->was_asked_to_end) {
		helper->was_asked_to_end = true;
		(void)kill(helper->pid, SIGTERM);
	}
}

static void forget_child(struct watch *w, pid_t pid, int status, const struct rusage *used);

/* Every process below us, helpers and theirs included, until none is left or none can be ended. */
static void clear_away(void)
{
	static const struct sf_tree all;
	struct rusage used;
	int status;

	if (getpid() != owner || !current)
		return;
	for (int tries = 0; tries < 2000; tries++) {
		struct timespec pause = {0, 1000000 * (tries < 20 ? 1 : 5)};
		pid_t pid;

		sf_tree_signal(&all, SIGKILL);
		while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0)
			forget_child(current, pid, status, &used);
		if (pid < 0 && errno == ECHILD)
			break;
		nanosleep(&pause, NULL);
	}
	sf_run_clear_places(current->run);
	if (sf_run_is_passing(current->run))
		unlink(current->run->file.path);
	current = NULL;
}

static void kill_tree(struct watch *w)
{
	w->is_killing = true;
	sf_tree_signal(&w->tree, SIGKILL);
}

/* ---- children ---- */

/* What a process made of itself is recorded, so that readers need not guess: the library can't see a signal's work. */
static void record_exit(struct sf_arena *arena, pid_t pid, int status)
{
	struct sf_process *process = sf_process_at(arena, sf_process_find(arena, (uint32_t)pid));

	if (!process || atomic_load_explicit(&process->state, memory_order_acquire) != SF_PROCESS_LOADED)
		return;
	process->exit_status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	atomic_store_explicit(
	    &process->state, WIFSIGNALED(status) ? SF_PROCESS_SIGNALED : SF_PROCESS_EXITED, memory_order_release);
}

static bool forget_helper(struct watch *w, struct sf_helper *helper, pid_t pid, int status)
{
	if (helper->pid != pid)
		return false;
	helper->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	helper->pid = 0;
	for (int i = 0; i < SF_HELPERS_MAX; i++)
		if (w->tree.helpers[i] == pid)
			w->tree.helpers[i] = 0;
	return true;
}

static uint64_t nanoseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_usec * 1000;
}

/* Each process has what its own children used that it waited for; who comes to us was waited for by nobody else. */
static void count_usage(struct sf_run *run, const struct rusage *used)
{
	uint64_t resident = (uint64_t)used->ru_maxrss * 1024;

	run->user_ns += nanoseconds(&used->ru_utime);
	run->system_ns += nanoseconds(&used->ru_stime);
	if (resident > run->resident_most)
		run->resident_most = resident;
}

static void forget_child(struct watch *w, pid_t pid, int status, const struct rusage *used)
{
	struct sf_run *run = w->run;

	if (forget_helper(w, &run->peer, pid, status) || forget_helper(w, &run->client, pid, status) ||
	    forget_helper(w, &run->next, pid, status))
		return;
	count_usage(run, used);
	if (!w->is_spoiled)
		record_exit(run->file.arena, pid, status);
	if (pid == run->target && !run->has_ended) {
		run->has_ended = true;
		run->status = status;
		w->alone_ns = w->now_ns;
	}
}

/* True if the target's tree is gone. */
static bool reap(struct watch *w)
{
	struct rusage used;
	bool reaped = false;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0) {
		forget_child(w, pid, status, &used);
		reaped = true;
	}
	if (pid < 0 && errno == ECHILD)
		return true;
	/* Only a look at /proc tells helpers from the rest: not at every tick. */
	return w->run->has_ended && (reaped || w->is_killing) && sf_tree_is_empty(&w->tree);
}

static void start_helper(struct watch *w, struct sf_helper *helper, int output)
{
	char *text = sf_run_fill(w->run, helper->text);

	helper->pid = sf_launch_helper(text, output);
	for (int i = 0; i < SF_HELPERS_MAX; i++)
		if (!w->tree.helpers[i]) {
			w->tree.helpers[i] = helper->pid;
			break;
		}
	free(text);
}

static void start_client(struct watch *w, struct sf_helper *client)
{
	int output = STDERR_FILENO;

	if (client->output)
		output = open(client->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (output < 0)
		sf_die("can't write the client's output to %s: %s", client->output, strerror(errno));
	start_helper(w, client, output);
	if (client->output)
		close(output);
}

/* Who reads it is not to find what another run left there, whether or not the client is started. What is no file of its
 * own (a pipe, /dev/null) is opened with the client. */
static void empty_output(const struct sf_helper *client)
{
	if (!client->output || truncate(client->output, 0) == 0 || errno == EINVAL)
		return;
	int fd = errno == ENOENT ? open(client->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;

	if (fd < 0)
		sf_die("can't write the client's output to %s: %s", client->output, strerror(errno));
	close(fd);
}

/* ---- the peer's output: shown, and a sign of being ready ---- */

static void start_peer(struct watch *w)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		sf_die("can't make a pipe: %s", strerror(errno));
	start_helper(w, &w->run->peer, ends[1]);
	close(ends[1]);
	w->run->peer_output = ends[0];
}

/* Standard output is the target's alone: what a peer prints goes where our own words go. */
static void pump_peer(struct sf_run *run)
{
	char bytes[4096];
	ssize_t length;

	if (run->peer_output < 0)
		return;
	while ((length = read(run->peer_output, bytes, sizeof bytes)) > 0) {
		run->peer_spoke |= memchr(bytes, '\n', (size_t)length) != NULL;
		fwrite(bytes, 1, (size_t)length, stderr);
	}
	if (length == 0) {
		close(run->peer_output);
		run->peer_output = -1;
	}
}

/* ---- signals ---- */

static bool is_terminals(const struct watch *w, const struct signalfd_siginfo *info)
{
	return info->ssi_code == SI_KERNEL && getpgid(w->run->target) == getpgrp();
}

/* A terminal sends its signals to all of its foreground group: the target has those already. */
static void pass_on(struct watch *w, const struct signalfd_siginfo *info)
{
	struct sf_run *run = w->run;
	int signal = (int)info->ssi_signo;

	/* Whoever ends a batch wants all of it to end, now. */
	if (!run->target || sf_is_batched())
		run->interrupted = signal;
	else if (!run->has_ended && !is_terminals(w, info))
		(void)kill(run->target, signal);
	else if (run->has_ended && w->is_killing)
		kill_tree(w);
	else if (run->has_ended) {
		sf_tree_signal(&w->tree, signal);
		w->is_killing = true;
	}
}

static void read_signals(struct watch *w)
{
	struct signalfd_siginfo info;

	while (read(w->signals, &info, sizeof info) == sizeof info)
		if (info.ssi_signo != SIGCHLD)
			pass_on(w, &info);
}

static void open_signals(struct watch *w)
{
	static const int ours[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		sigaddset(&set, ours[i]);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->signals < 0)
		sf_die("can't wait for signals: %s", strerror(errno));
}

/* ---- the target ---- */

static void enter(struct watch *w, enum phase phase)
{
	w->phase = phase;
	w->phase_ns = w->now_ns;
}

_Noreturn static void refuse_exec(const struct sf_run *run, int error)
{
	sf_warn("can't execute %s: %s", run->argv[0], strerror(error));
	sf_trouble_note("can't execute %s: %s", run->argv[0], strerror(error));
	exit(error == ENOENT ? SF_STATUS_NOT_FOUND : SF_STATUS_NOT_RUN);
}

static int open_errors(const struct sf_run *run)
{
	int fd = run->errors_path ? open(run->errors_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666) : -1;

	if (run->errors_path && fd < 0)
		sf_die("can't write standard error to %s: %s", run->errors_path, strerror(errno));
	return fd;
}

static void start_target(struct watch *w)
{
	struct sf_run *run = w->run;
	int errors = open_errors(run);
	struct sf_launch launch = {
	    .argv = run->argv,
	    .arena = run->file.path,
	    .is_plain = run->is_plain,
	    .refuse_io_uring = run->refused_io_uring,
	    .no_new_privs = run->io_uring == SF_URING_REFUSE,
	    .errors = errors,
	};
	w->peer_has_port = run->peer.text && run->port && sf_port_is_served(run->port);
	pid_t pid = sf_launch_target(&launch);

	if (errors >= 0)
		close(errors);
	if (pid < 0)
		refuse_exec(run, -pid);
	run->target = pid;
	w->now_ns = sf_clock_ns();
	enter(w, run->server ? SERVER_STARTS : TARGET_RUNS);
}

_Noreturn static void refuse_target(const struct sf_run *run)
{
	char why[256];

	if (sf_doctor_refuses(run->argv[0], why, sizeof why))
		sf_die("the library did not load into %s: %s", run->argv[0], why);
	if (run->has_ended && WIFEXITED(run->status))
		sf_die(
		    "the library did not load into %s, which ended with status %d before it began: see sockfault doctor %s",
		    run->argv[0], WEXITSTATUS(run->status), run->argv[0]);
	sf_die("the library did not load into %s: see sockfault doctor %s", run->argv[0], run->argv[0]);
}

/* Never vacuous: a target into which the library does not come is ended, with the reason. */
static void check_loaded(struct watch *w)
{
	const struct sf_run *run = w->run;

	if (w->is_loaded || !run->target)
		return;
	w->is_loaded = atomic_load_explicit(&run->file.arena->loaded, memory_order_acquire) > 0;
	if (w->is_loaded || (!run->has_ended && w->now_ns - run->start_ns < LOADED_WITHIN_NS))
		return;
	if (!run->has_ended && sf_run_has_library(run))
		return;
	if (!run->timed_out && !(run->has_ended && WIFSIGNALED(run->status)))
		refuse_target(run);
}

/* ---- phases ---- */

static void await_peer(struct watch *w)
{
	struct sf_run *run = w->run;

	if (!run->peer.text) {
		start_target(w);
		return;
	}
	if (!run->peer.pid && run->peer.status < 0)
		start_peer(w);
	/* A peer that made itself a daemon has ended only if its keeper has. */
	if (run->peer_spoke || (run->port && sf_port_is_served(run->port)) ||
	    (run->folder && sf_folder_is_served(run->folder)))
		start_target(w);
	else if (!run->peer.pid)
		sf_die("the peer ended with status %d before it was ready: %s", run->peer.status, run->peer.text);
	else if (w->now_ns - w->phase_ns > READY_WITHIN_NS)
		sf_die("the peer neither listened on {port} nor printed a line within 10 s: %s", run->peer.text);
}

/* Does a server listen into which the library did not come? */
static bool is_served_unseen(const struct watch *w)
{
	return w->run->port && !w->peer_has_port && sf_port_is_served(w->run->port);
}

/* What it did in place of listening is in the trace, and which rule fired in the summary: the run goes on to its end.
 */
static void refuse_mute_server(struct watch *w)
{
	struct sf_run *run = w->run;
	const char *where = run->port ? " on {port}" : "";

	sf_warn("the server did not listen%s within 10 s: killed; no client was started", where);
	sf_trouble_note("the server did not listen%s within 10 s", where);
	run->never_served = run->was_killed = true;
	kill_tree(w);
	enter(w, SERVER_ENDS);
}

static void await_server(struct watch *w, bool is_gone)
{
	struct sf_run *run = w->run;

	if (is_gone) {
		run->never_served = true;
		sf_warn("the server ended before it listened; no client was started");
		enter(w, PEER_ENDS);
	} else if (sf_run_listens(run) || is_served_unseen(w)) {
		start_client(w, &run->client);
		enter(w, CLIENT_RUNS);
	} else if (w->now_ns - w->phase_ns > READY_WITHIN_NS) {
		refuse_mute_server(w);
	}
}

/* Who is asked to end: a server may have others around it that do not hand a signal on. */
static pid_t server_of(const struct watch *w)
{
	const struct sf_arena *arena = w->run->file.arena;
	uint32_t number = (uint32_t)w->run->server_process;
	const struct sf_process *server =
	    number && number <= sf_arena_count(arena, SF_PROCESSES) ? sf_process_at(arena, number) : NULL;
	pid_t found = server ? sf_tree_find(&w->tree, (pid_t)server->pid) : 0;

	if (number && !server)
		sf_warn("--server-process %u: the run has no such process; COMMAND is asked to end", number);
	return found ? found : w->run->target;
}

static void end_server(struct watch *w, bool is_gone)
{
	struct sf_run *run = w->run;

	if (!run->has_ended) {
		run->was_terminated = true;
		(void)kill(server_of(w), SIGTERM);
	} else if (!is_gone) {
		sf_tree_signal(&w->tree, SIGTERM);
	}
	enter(w, SERVER_ENDS);
}

/* Has it ended? Where its server has, it may do so by itself for a while. */
static bool has_ended(const struct watch *w, struct sf_helper *client, bool is_gone)
{
	if (client->pid && is_gone && !client->end_at_ns)
		client->end_at_ns = w->now_ns + CLIENT_GRACE_NS;
	if (client->end_at_ns && w->now_ns >= client->end_at_ns)
		end_helper(client);
	return !client->pid;
}

/* It may take so long from the beginning of this phase; 0: as long as it likes. */
static void limit_helper(const struct watch *w, struct sf_helper *helper, uint64_t most_ns)
{
	if (!most_ns || !helper->pid || helper->timed_out || w->now_ns - w->phase_ns <= most_ns)
		return;
	helper->timed_out = true;
	end_helper(helper);
}

/* What its client has left it to do is done, be that its own end. On a machine however busy: who wants a processor does
 * not rest. */
static bool rests(struct watch *w)
{
	if (!w->quiet_ns)
		w->quiet_ns = w->now_ns;
	if (!sf_tree_rests(&w->tree, &w->turns) && w->now_ns - w->quiet_ns < REST_WITHIN_NS)
		return false;
	w->quiet_ns = w->turns = 0;
	return true;
}

static void await_client(struct watch *w, bool is_gone)
{
	struct sf_run *run = w->run;

	limit_helper(w, &run->client, run->client_timeout_ns);
	if (!has_ended(w, &run->client, is_gone) || !(is_gone || rests(w)))
		return;
	if (!run->next.text || is_gone || run->timed_out) {
		end_server(w, is_gone);
		return;
	}
	/* As `ctl pause` does. What a fault has made of other connections stays. */
	atomic_store_explicit(&run->file.arena->paused, 1, memory_order_release);
	sf_arena_watch(run->file.arena);
	start_client(w, &run->next);
	enter(w, NEXT_RUNS);
}

/* A call that was waiting when the rules were paused may have met its fault before: so it has more than one try. */
static void await_next(struct watch *w, bool is_gone)
{
	struct sf_run *run = w->run;

	limit_helper(w, &run->next, run->next_timeout_ns);
	if (!has_ended(w, &run->next, is_gone) || !(is_gone || rests(w)))
		return;
	bool is_last = is_gone || run->next.status == 0 || run->next.was_asked_to_end || ++run->next_tries == NEXT_TRIES;

	if (is_last)
		end_server(w, is_gone);
	else
		start_client(w, &run->next);
}

static void await_server_end(struct watch *w, bool is_gone)
{
	if (is_gone)
		enter(w, PEER_ENDS);
	else if (!w->is_killing && w->now_ns - w->phase_ns > SERVER_GRACE_NS) {
		sf_warn("the server did not end within 5 s of SIGTERM: killed");
		w->run->was_killed = true;
		kill_tree(w);
	} else if (w->is_killing)
		kill_tree(w);
}

static void await_peer_end(struct watch *w)
{
	struct sf_helper *peer = &w->run->peer;

	if (w->now_ns - w->phase_ns > PEER_GRACE_NS)
		end_helper(peer);
	if (!peer->pid)
		enter(w, OVER);
}

static void advance(struct watch *w, bool is_gone)
{
	switch (w->phase) {
	case PEER_STARTS:
		await_peer(w);
		break;
	case TARGET_RUNS:
		if (is_gone)
			enter(w, PEER_ENDS);
		break;
	case SERVER_STARTS:
		await_server(w, is_gone);
		break;
	case CLIENT_RUNS:
		await_client(w, is_gone);
		break;
	case NEXT_RUNS:
		await_next(w, is_gone);
		break;
	case SERVER_ENDS:
		await_server_end(w, is_gone);
		break;
	case PEER_ENDS:
	case OVER:
		break;
	}
	if (w->phase == PEER_ENDS)
		await_peer_end(w);
}

static void check_time(struct watch *w)
{
	struct sf_run *run = w->run;

	if (w->phase >= PEER_ENDS || !run->timeout_ns || w->now_ns - run->start_ns < run->timeout_ns)
		return;
	run->timed_out = true;
	sf_run_note_busy(run);
	run->client.timed_out = run->client.pid != 0;
	run->next.timed_out |= run->next.pid != 0;
	end_helper(&run->client);
	end_helper(&run->next);
	if (run->target)
		kill_tree(w);
	else
		enter(w, PEER_ENDS);
}

static void tell_what_is_left(struct watch *w)
{
	char left[512];

	if (w->run->quiet || w->told || !w->alone_ns || w->phase != TARGET_RUNS || w->now_ns - w->alone_ns < TELL_AFTER_NS)
		return;
	w->told = true;
	sf_tree_describe(&w->tree, left, sizeof left);
	sf_warn("%s has ended; waiting for the processes that it left: %s", w->run->argv[0], left);
}

/* ---- the loop ---- */

static void pause_loop(struct watch *w)
{
	struct pollfd descriptors[] = {{w->signals, POLLIN, 0}, {w->run->peer_output, POLLIN, 0}};
	uint64_t ns = w->run->growth.pause_ns;

	if (w->phase != TARGET_RUNS && ns > BUSY_PAUSE_NS)
		ns = BUSY_PAUSE_NS;
	struct timespec pause = {0, (long)ns};

	(void)ppoll(descriptors, 2, &pause, NULL);
}

/* Nothing in it is looked at any more, also while we clear away. */
static void refuse_spoiled(struct watch *w, const char *why)
{
	w->is_spoiled = why != NULL;
	if (why)
		sf_die("%s spoiled its trace: %s", w->run->argv[0], why);
}

static void turn(struct watch *w)
{
	refuse_spoiled(w, sf_intact_cut(&w->run->file));
	pump_peer(w->run);
	read_signals(w);
	w->now_ns = sf_clock_ns();
	bool is_gone = reap(w);

	if (w->run->interrupted)
		exit(128 + w->run->interrupted);
	check_loaded(w);
	check_time(w);
	advance(w, is_gone && w->run->has_ended);
	tell_what_is_left(w);
}

static void hold(struct sf_arena *arena, bool is_held)
{
	atomic_store_explicit(&arena->held, is_held, memory_order_release);
	(void)syscall(SYS_futex, &arena->held, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* A program that nobody has to serve first is loaded while it waits, and stays before its main until the turn has come.
 * From there on the run is under way, and its time counts. */
static int take_turn(struct watch *w)
{
	struct sf_run *run = w->run;

	if (!run->peer.text) {
		hold(run->file.arena, true);
		start_target(w);
	}
	int turn = sf_turn_take(run->turn_path);

	read_signals(w);
	if (run->interrupted)
		exit(128 + run->interrupted);
	sf_run_begin_clock(run);
	sf_intact_remember(&run->file);
	w->now_ns = w->phase_ns = run->start_ns;
	hold(run->file.arena, false);
	return turn;
}

void sf_run_watch(struct sf_run *run)
{
	static struct watch watch;
	struct watch *w = &watch;

	*w = (struct watch){.run = run, .now_ns = run->start_ns, .phase_ns = run->start_ns};
	current = w;
	owner = getpid();
	if (atexit(clear_away) != 0)
		sf_die("out of memory");
	open_signals(w);
	sf_tree_begin();
	sf_growth_begin(&run->growth);
	int taken = run->turn_path ? take_turn(w) : -1;

	/* Until now it may have been the run's before us. */
	empty_output(&run->client);
	empty_output(&run->next);
	if (!run->target)
		await_peer(w);
	/* While the target starts there is nothing else to do. */
	if (!sf_is_batched()) {
		sf_arena_file_remember(&run->file);
		sf_arena_file_remove_older(&run->file);
	}
	while (w->phase != OVER) {
		pause_loop(w);
		turn(w);
		if (w->phase != OVER)
			sf_growth_step(&run->growth, &run->file);
	}
	pump_peer(run);
	refuse_spoiled(w, sf_intact_refuse(&run->file, run->set));
	run->end_ns = sf_clock_ns();
	run->file.arena->clock_last = sf_clock_read(run->file.arena->stamps_are_ns);
	atomic_store_explicit(
	    &run->file.arena->ended,
	    SF_OVER | (run->timed_out ? SF_OVER_BY_TIMEOUT : 0u) | (run->was_terminated ? SF_OVER_BY_REQUEST : 0u),
	    memory_order_release);
	sf_run_clear_places(run);
	current = NULL;
	close(w->signals);
	sf_turn_pass(taken);
}
