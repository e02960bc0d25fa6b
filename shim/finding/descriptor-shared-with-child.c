/* SPDX-License-Identifier: MIT
 *
 * descriptor-shared-with-child.c -- parent and child have a descriptor that only one of them uses: the parent of a
 * server keeps the connection that its child serves, so that the peer never sees its end; or a child keeps the
 * listener, so that clients go on being queued for a server that has stopped to accept.
 *
 * Could be wrong: to have a descriptor is nothing wrong, so there must be harm. Of a connection: the child that served
 * it has ended, the parent, which never used it after the fork, still has it open, and has accepted another one
 * meanwhile. Of a listener: its parent has closed it, or ended, while a child lived that had it open, and that served a
 * connection and neither accepted nor waited there. A parent that hands the same connection to a second child is left
 * out.
 */
#include "core/finding.h"

struct of_socket {
	struct sf_moment fork; /* the child's, to whom the connection was given */
	uint32_t parent;
	bool child_used, parent_used, went_on;
	unsigned children;
};

struct of_process {
	struct sf_moment accept; /* the last one: event.made */
	struct sf_moment fork;   /* its own beginning, in the words of its parent */
	bool serves, accepts, is_heir;
};

static void see_fork(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	uint32_t index = now->event.asked <= UINT32_MAX ? (uint32_t)now->event.asked : 0;
	struct of_process *parent = index ? sf_scene_of_process(scene, index) : NULL;
	struct of_process *child = scene->of_process;

	if (!parent || !child)
		return;
	child->fork = *now;
	struct of_socket *given = parent->accept.event.made ? sf_scene_of_socket(scene, parent->accept.event.made) : NULL;

	if (!given || given->parent_used)
		return;
	given->fork = *now;
	given->parent = index;
	given->children++;
}

/* What was accepted before is behind this process: it has gone on. */
static void see_accept(struct sf_scene *scene)
{
	struct of_process *process = scene->of_process;
	struct of_socket *before =
	    process->accept.event.made ? sf_scene_of_socket(scene, process->accept.event.made) : NULL;

	process->accepts = true;
	if (!scene->now->end_ns || scene->now->event.ret < 0 || !scene->now->event.made)
		return;
	if (before)
		before->went_on = true;
	process->accept = *scene->now;
}

static void see_data(struct sf_scene *scene)
{
	struct of_process *process = scene->of_process;
	struct of_socket *socket = scene->of_socket;

	process->serves |= scene->socket->side == SF_SERVER;
	if (scene->now->process == socket->fork.process)
		socket->child_used = true;
	else
		socket->parent_used = true;
}

static bool has(struct sf_scene *scene, uint32_t process, const struct sf_socket_story *socket)
{
	return sf_scene_socket(scene, process, (int)socket->made.event.ret) == socket;
}

/* The parent gives this listener up now: to children that have it still. */
static void leave_to_children(struct sf_scene *scene, const struct sf_socket_story *listener, uint32_t parent)
{
	for (uint32_t i = 1; i <= sf_scene_process_count(scene); i++) {
		const struct sf_process_story *story = sf_scene_process_at(scene, i);
		struct of_process *child = story ? sf_scene_of_process(scene, i) : NULL;

		if (child && story->is_forked && story->parent == parent && story->ending == SF_LIVES)
			child->is_heir |= has(scene, i, listener);
	}
}

static void judge_heir(struct sf_scene *scene, const struct of_process *child)
{
	if (child->is_heir && child->fork.seq && child->serves && !child->accepts)
		sf_say(
		    scene, &child->fork, NULL, NULL,
		    "the child forked here kept the listener when the server had given it up, and served a connection alone: "
		    "clients were still queued there, for nobody");
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	if (!scene->of_process)
		return;
	if (now->event.what == SF_EVENT_FORK)
		see_fork(scene);
	else if (now->operation == SF_ACCEPT)
		see_accept(scene);
	else if (now->operation == SF_POLL)
		((struct of_process *)scene->of_process)->accepts |= now->event.what != SF_FUNC_epoll_create1;
	else if (!scene->socket || !scene->of_socket)
		return;
	else if (now->operation == SF_CLOSE && scene->socket->is_listening && scene->socket->holders)
		leave_to_children(scene, scene->socket, now->process);
	else if (now->operation == SF_SEND || now->operation == SF_RECV)
		see_data(scene);
}

static bool is_kept(struct sf_scene *scene, const struct sf_socket_story *story, const struct of_socket *socket)
{
	const struct sf_process_story *child = sf_scene_process_at(scene, socket->fork.process);

	return socket->fork.seq && socket->parent == scene->process->index && socket->children == 1 && socket->child_used &&
	       !socket->parent_used && socket->went_on && child && child->ending != SF_LIVES &&
	       has(scene, scene->process->index, story);
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_socket_story *first = NULL;
	unsigned kept = 0;

	for (uint32_t i = 1; i <= sf_scene_socket_count(scene); i++) {
		const struct sf_socket_story *story = sf_scene_socket_at(scene, i);
		const struct of_socket *socket = story ? sf_scene_of_socket(scene, i) : NULL;

		if (socket && story->is_listening && story->holders > 1 && has(scene, scene->process->index, story))
			leave_to_children(scene, story, scene->process->index);
		if (!socket || !is_kept(scene, story, socket))
			continue;
		first = first ? first : story;
		kept++;
	}
	judge_heir(scene, scene->of_process);
	if (first)
		sf_say(
		    scene, &first->made, NULL, NULL,
		    "%u connection%s accepted here and served by a child stayed open in the parent when the child had ended: "
		    "the "
		    "peer never saw the end",
		    kept, kept == 1 ? "" : "s");
}

static const char explain[] =
    "After fork both processes have every descriptor, and a connection ends only when the last of them has closed "
    "it. A parent that keeps what it has given to a child leaves the peer waiting for an end that does not come, "
    "and runs out of descriptors with time. A child that keeps the listener keeps the port: connections are still "
    "queued there when the server itself is gone, and nobody accepts them.\n\n"
    "It is said where this did harm: the child had ended and the parent still had its connection, having gone on "
    "to the next; or the server had closed its listener, or ended, while a child that serves one connection had it "
    "open.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <sys/wait.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listener < 0 || listen(listener, 4) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tfor (int i = 0; i < 3; i++) {\n"
    "\t\tint client = socket(AF_INET, SOCK_STREAM, 0); /* of its own, so that it can be tried alone */\n"
    "\n"
    "\t\tif (client < 0 || connect(client, (struct sockaddr *)&at, sizeof(at)) < 0)\n"
    "\t\t\treturn 1;\n"
    "\t\tint fd = accept(listener, NULL, NULL);\n"
    "\n"
    "\t\tif (fork() == 0) {\n"
    "\t\t\tclose(listener);\n"
    "\t\t\tsend(fd, \"hello\\n\", 6, MSG_NOSIGNAL);\n"
    "\t\t\t_exit(0);\n"
    "\t\t}\n"
    "\t\twait(NULL);\n"
    "\t\tclose(client);\n"
    "\t}\n"
    "\tclose(listener);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <sys/wait.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listener < 0 || listen(listener, 4) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tfor (int i = 0; i < 3; i++) {\n"
    "\t\tint client = socket(AF_INET, SOCK_STREAM, 0); /* of its own, so that it can be tried alone */\n"
    "\n"
    "\t\tif (client < 0 || connect(client, (struct sockaddr *)&at, sizeof(at)) < 0)\n"
    "\t\t\treturn 1;\n"
    "\t\tint fd = accept(listener, NULL, NULL);\n"
    "\n"
    "\t\tif (fork() == 0) {\n"
    "\t\t\tclose(listener);\n"
    "\t\t\tsend(fd, \"hello\\n\", 6, MSG_NOSIGNAL);\n"
    "\t\t\t_exit(0);\n"
    "\t\t}\n"
    "\t\tclose(fd); /* the child has it */\n"
    "\t\twait(NULL);\n"
    "\t\tclose(client);\n"
    "\t}\n"
    "\tclose(listener);\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_descriptor_shared_with_child = {
    .severity = SF_WARNING,
    .help = "a parent keeps the connection that its child serves, or a child the listener",
    .hint = "Right after fork: close(connection) in the parent, close(listener) in the child.",
    .source = "fork(2), DESCRIPTION; close(2); POSIX.1-2017 fork()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_socket = sizeof(struct of_socket),
    .per_process = sizeof(struct of_process),
    .sees = SF_SEES_LIFE | SF_BIT(SF_ACCEPT) | SF_BIT(SF_POLL) | SF_BIT(SF_CLOSE) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .see = see,
    .process_ends = process_ends,
};
