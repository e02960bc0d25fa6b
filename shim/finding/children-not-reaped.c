/* SPDX-License-Identifier: MIT
 *
 * children-not-reaped.c -- a program forks, its children end, and nobody waits for them: each stays in the table of
 * processes as a zombie, and they grow in number with the clients.
 *
 * Could be wrong: where SIGCHLD is ignored (or SA_NOCLDWAIT is set) the kernel itself reaps; a program that has waited
 * for any child, even in vain, knows its duty; one that forks once, or ends together with its children, leaves them to
 * init. So it takes a process that never waited, and had two ended children or more when it forked another. Children of
 * system(), popen() and posix_spawn() are not counted: libc waits for some of them itself.
 */
#include <signal.h>

#include "core/finding.h"

#define ENDED_AT_FORK 2

struct of_process {
	struct sf_moment fork; /* the last one that found so many ended */
	unsigned forks, ended, found;
	bool waits, is_ignored;
};

static bool is_ignored(const struct sf_scene *scene)
{
	for (size_t i = 0; i < scene->disposition_count; i++)
		if (scene->dispositions[i].signal == SIGCHLD && scene->dispositions[i].ignored)
			return true;
	return false;
}

/* The event is the child's; what it says is its parent's. */
static void see_fork(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	uint32_t index = now->event.asked <= UINT32_MAX ? (uint32_t)now->event.asked : 0;
	struct of_process *parent = index ? sf_scene_of_process(scene, index) : NULL;

	if (!parent)
		return;
	parent->forks++;
	parent->is_ignored |= is_ignored(scene);
	if (parent->ended < ENDED_AT_FORK)
		return;
	parent->fork = *now;
	parent->fork.process = index;
	parent->found = parent->ended;
}

static void see(struct sf_scene *scene)
{
	struct of_process *process = scene->of_process;

	if (scene->now->event.what == SF_EVENT_FORK)
		see_fork(scene);
	else if (process && scene->now->operation == SF_PROCESS) /* the waits: of forks and execs there are other events */
		process->waits = true;
}

static void process_ends(struct sf_scene *scene)
{
	struct of_process *process = scene->of_process;
	struct of_process *parent = scene->process->is_forked ? sf_scene_of_process(scene, scene->process->parent) : NULL;

	if (parent && scene->process->ending != SF_LIVES && scene->process->ending != SF_REPLACED)
		parent->ended++;
	if (!process || !process->found || process->waits || process->is_ignored)
		return;
	sf_say(
	    scene, &process->fork, NULL, NULL,
	    "of %u children %u had ended when this one was forked, and no one ever waited for any of them", process->forks,
	    process->found);
}

static const char explain[] =
    "A child that has ended stays as a zombie until its parent has asked for its status. Zombies hold no memory, "
    "but a process id each, and a user may have some thousands: a server that forks for each client then can't "
    "fork any more, nor can anybody else of that user.\n\n"
    "It is said of a process that never waited for a child, and had at least two ended ones when it forked the "
    "next. SIGCHLD ignored or with SA_NOCLDWAIT is as good as waiting.";

/* clang-format off */
static const char wrong[] =
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tfor (int i = 0; i < 4; i++) {\n"
    "\t\tint fds[2];\n"
    "\t\tchar byte;\n"
    "\n"
    "\t\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\t\treturn 2;\n"
    "\t\tif (fork() == 0) {\n"
    "\t\t\tsend(fds[1], \"x\", 1, MSG_NOSIGNAL);\n"
    "\t\t\t_exit(0);\n"
    "\t\t}\n"
    "\t\tclose(fds[1]);\n"
    "\t\twhile (recv(fds[0], &byte, 1, 0) > 0)\n"
    "\t\t\t; /* until the child has ended */\n"
    "\t\tclose(fds[0]);\n"
    "\t\tpoll(NULL, 0, 50);\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <sys/wait.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tfor (int i = 0; i < 4; i++) {\n"
    "\t\tint fds[2];\n"
    "\t\tchar byte;\n"
    "\n"
    "\t\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\t\treturn 2;\n"
    "\t\tif (fork() == 0) {\n"
    "\t\t\tsend(fds[1], \"x\", 1, MSG_NOSIGNAL);\n"
    "\t\t\t_exit(0);\n"
    "\t\t}\n"
    "\t\tclose(fds[1]);\n"
    "\t\twhile (recv(fds[0], &byte, 1, 0) > 0)\n"
    "\t\t\t; /* until the child has ended */\n"
    "\t\tclose(fds[0]);\n"
    "\t\tpoll(NULL, 0, 50);\n"
    "\t\twhile (waitpid(-1, NULL, WNOHANG) > 0)\n"
    "\t\t\t;\n"
    "\t}\n"
    "\twhile (wait(NULL) > 0)\n"
    "\t\t;\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_children_not_reaped = {
    .severity = SF_WARNING,
    .help = "children that have ended are never waited for, and their number grows",
    .hint = "Reap in each round: while (waitpid(-1, NULL, WNOHANG) > 0); or, where no status is wanted, "
            "signal(SIGCHLD, SIG_IGN).",
    .source = "wait(2), NOTES; sigaction(2), SA_NOCLDWAIT; POSIX.1-2017 wait()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_process = sizeof(struct of_process),
    .sees = SF_SEES_LIFE | SF_BIT(SF_PROCESS),
    .see = see,
    .process_ends = process_ends,
};
