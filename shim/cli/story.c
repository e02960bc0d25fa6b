/* SPDX-License-Identifier: MIT
 *
 * story.c -- see story.h. One function for what each kind of call does to the stories; a call that never returned does
 * nothing.
 */
#include "cli/story.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "cli/cli.h"
#include "cli/words.h"
#include "core/fault.h"

/* ---- memory ---- */

static void *enlarged(void *list, size_t count, size_t size)
{
	void *larger = realloc(list, count * size);

	if (!larger)
		sf_die("out of memory");
	return larger;
}

void sf_story_begin(struct sf_story *story, struct sf_reader *reader)
{
	story->reader = reader;
	story->socket_count = sf_reader_count(reader, SF_SOCKETS);
	story->process_count = sf_reader_count(reader, SF_PROCESSES);
	story->thread_count = sf_reader_count(reader, SF_THREADS);
	story->sockets = sf_allocate((story->socket_count + UINT64_C(1)) * sizeof *story->sockets);
	story->processes = sf_allocate((story->process_count + UINT64_C(1)) * sizeof *story->processes);
	story->threads = sf_allocate((story->thread_count + UINT64_C(1)) * sizeof *story->threads);
	story->run.status = -1;
}

void sf_story_end(struct sf_story *story)
{
	for (uint32_t i = 0; i <= story->socket_count; i++)
		free(story->sockets[i]);
	for (uint32_t i = 0; i <= story->process_count; i++)
		if (story->processes[i]) {
			free(story->processes[i]->descriptors);
			free(story->processes[i]);
		}
	for (uint32_t i = 0; i <= story->thread_count; i++)
		free(story->threads[i]);
	free(story->sockets);
	free(story->processes);
	free(story->threads);
	free(story->gone);
}

/* Is it held back in some direction, and longer than the run lasted? A silence that began within a wait is told by no
 * event. */
static bool is_silent(const struct sf_story *story, const struct sf_socket *record)
{
	uint64_t in_ns = atomic_load_explicit(&record->hold_in_ns, memory_order_relaxed);
	uint64_t out_ns = atomic_load_explicit(&record->hold_out_ns, memory_order_relaxed);

	return story->run.end_ns && (in_ns > out_ns ? in_ns : out_ns) > story->run.end_ns;
}

/* A socket as its record has it from the beginning: what changes later is told by events. */
static struct sf_told_socket *meet_socket(struct sf_story *story, uint32_t index, const struct sf_socket *record)
{
	struct sf_told_socket *socket = sf_allocate(sizeof *socket + story->socket_extra);

	socket->story.index = index;
	socket->story.family = record->family < SF_FAMILY_COUNT ? record->family : SF_FAMILY_OTHER;
	socket->story.type = record->type < SF_TYPE_COUNT ? record->type : SF_TYPE_OTHER;
	socket->story.side = record->side < SF_SIDE_COUNT ? record->side : SF_SIDE_NONE;
	socket->story.local = record->local;
	socket->story.peer = record->peer;
	socket->story.is_silent = is_silent(story, record);
	return story->sockets[index] = socket;
}

struct sf_told_socket *sf_story_socket(struct sf_story *story, uint32_t index)
{
	if (!index || index > story->socket_count)
		return NULL;
	if (story->sockets[index])
		return story->sockets[index];
	const struct sf_socket *record = sf_reader_socket(story->reader, index);

	return record ? meet_socket(story, index, record) : NULL;
}

struct sf_told_process *sf_story_process(struct sf_story *story, uint32_t index)
{
	if (!index || index > story->process_count)
		return NULL;
	if (story->processes[index])
		return story->processes[index];
	const struct sf_process *record = sf_reader_process(story->reader, index);

	if (!record)
		return NULL;
	struct sf_told_process *process = sf_allocate(sizeof *process + story->process_extra);

	process->story.index = index;
	process->story.parent = record->parent <= story->process_count ? record->parent : 0;
	process->story.is_target = record->number == 1;
	return story->processes[index] = process;
}

void *sf_story_thread(struct sf_story *story, uint32_t index)
{
	if (!index || index > story->thread_count || !story->thread_extra)
		return NULL;
	if (!story->threads[index])
		story->threads[index] = sf_allocate(story->thread_extra);
	return story->threads[index];
}

/* ---- descriptors ---- */

/* The place of this number, or where it would be. */
static uint32_t place_of(const struct sf_told_process *process, int fd)
{
	uint32_t low = 0, high = process->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (process->descriptors[middle].fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t sf_story_descriptor(const struct sf_told_process *process, int fd)
{
	uint32_t at = place_of(process, fd);

	return at < process->count && process->descriptors[at].fd == fd ? process->descriptors[at].socket : 0;
}

static void let_go(struct sf_story *story, uint32_t index)
{
	struct sf_told_socket *socket = sf_story_socket(story, index);

	if (!socket || !socket->story.holders || --socket->story.holders)
		return;
	if (story->gone_count == story->gone_room) {
		story->gone_room = story->gone_room ? story->gone_room * 2 : 16;
		story->gone = enlarged(story->gone, story->gone_room, sizeof *story->gone);
	}
	story->gone[story->gone_count++] = index;
}

static void drop_range(struct sf_story *story, struct sf_told_process *process, int first, int last)
{
	uint32_t from = place_of(process, first), to = from;

	for (; to < process->count && process->descriptors[to].fd <= last; to++)
		let_go(story, process->descriptors[to].socket);
	if (to == from)
		return;
	memmove(
	    process->descriptors + from, process->descriptors + to, (process->count - to) * sizeof *process->descriptors);
	process->count -= to - from;
	process->story.descriptors = process->count;
}

static void drop(struct sf_story *story, struct sf_told_process *process, int fd)
{
	if (sf_story_descriptor(process, fd))
		drop_range(story, process, fd, fd);
}

/* From now on this number of the process names this socket, whatever it named before. */
static void hold(struct sf_story *story, struct sf_told_process *process, int fd, uint32_t index)
{
	struct sf_told_socket *socket = sf_story_socket(story, index);

	if (!socket || fd < 0 || sf_story_descriptor(process, fd) == index)
		return;
	drop(story, process, fd);
	if (process->count == process->room) {
		process->room = process->room ? process->room * 2 : 8;
		process->descriptors = enlarged(process->descriptors, process->room, sizeof *process->descriptors);
	}
	uint32_t at = place_of(process, fd);

	memmove(
	    process->descriptors + at + 1, process->descriptors + at, (process->count - at) * sizeof *process->descriptors);
	process->descriptors[at] = (struct sf_descriptor){fd, index};
	process->story.descriptors = ++process->count;
	socket->story.holders++;
}

static void inherit(struct sf_story *story, struct sf_told_process *child, uint32_t from)
{
	struct sf_told_process *parent = sf_story_process(story, from);

	if (!parent || parent == child)
		return;
	for (uint32_t i = 0; i < parent->count; i++)
		hold(story, child, parent->descriptors[i].fd, parent->descriptors[i].socket);
}

void sf_story_release(struct sf_story *story, struct sf_told_process *process)
{
	drop_range(story, process, 0, INT32_MAX);
}

/* ---- moments ---- */

struct sf_moment sf_story_moment(const struct sf_story *story, const struct sf_seen *seen)
{
	const struct sf_arena *arena = sf_reader_arena(story->reader);
	struct sf_moment moment = {
	    .seq = seen->seq,
	    .time_ns = sf_arena_ns(arena, seen->event.stamp),
	    .event = seen->event,
	    .process = seen->process <= story->process_count ? seen->process : 0,
	    .thread = seen->thread,
	    .operation = sf_event_operation_of(&seen->event),
	    .page = seen->page,
	    .slot = seen->slot};

	if (seen->fate == SF_FATE_DONE)
		moment.end_ns = moment.time_ns + sf_arena_duration(arena, seen->event.ticks) + !moment.time_ns;
	if (moment.event.socket > story->socket_count)
		moment.event.socket = 0;
	if (moment.event.made > story->socket_count)
		moment.event.made = 0;
	if (moment.event.fault == 1 + SF_FAULT_pass)
		moment.event.fault = 0;
	return moment;
}

/* ---- what calls do ---- */

static bool has_succeeded(const struct sf_moment *now)
{
	return now->end_ns && now->event.ret >= 0;
}

static void take_socket(struct sf_story *story, struct sf_scene *scene, struct sf_told_process *process)
{
	const struct sf_event *event = &scene->now->event;
	struct sf_told_socket *made = sf_story_socket(story, event->made);

	if (!has_succeeded(scene->now))
		return;
	switch (event->what) {
	case SF_FUNC_socket:
	case SF_FUNC_pidfd_getfd:
		if (!made)
			return;
		hold(story, process, (int)event->ret, event->made);
		if (event->what == SF_FUNC_socket)
			made->story.nonblocking = event->flags & SOCK_NONBLOCK;
		made->story.made = *scene->now;
		made->story.side = SF_SIDE_NONE;
		made->is_known = true;
		scene->socket = &made->story;
		break;
	case SF_FUNC_dup:
	case SF_FUNC_dup2:
	case SF_FUNC_dup3:
		if (event->socket)
			hold(story, process, (int)event->ret, event->socket);
		else if (event->what != SF_FUNC_dup)
			drop(story, process, (int)event->ret);
		break;
	default:
		break;
	}
}

static void take_accept(struct sf_story *story, struct sf_scene *scene, struct sf_told_process *process)
{
	const struct sf_event *event = &scene->now->event;
	struct sf_told_socket *made = sf_story_socket(story, event->made);

	if (scene->socket)
		scene->socket->is_listening = true;
	if (!has_succeeded(scene->now) || !made)
		return;
	hold(story, process, (int)event->ret, event->made);
	made->story.nonblocking = event->what == SF_FUNC_accept4 && (event->flags & SOCK_NONBLOCK);
	made->story.side = SF_SERVER;
	made->story.is_connected = true;
	made->story.made = *scene->now;
	made->is_known = true;
}

/* Bytes that it moved; of several messages the next event's offset tells. */
static uint64_t moved(const struct sf_event *event)
{
	bool has_many = event->what == SF_FUNC_sendmmsg || event->what == SF_FUNC_recvmmsg;

	return event->ret <= 0 || has_many || (event->flags & MSG_PEEK) ? 0 : (uint64_t)event->ret;
}

static bool is_stream(const struct sf_socket_story *socket)
{
	return socket->type == SF_STREAM || socket->type == SF_SEQPACKET;
}

static void take_transfer(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	const struct sf_event *event = &now->event;
	struct sf_socket_story *socket = scene->socket;
	uint64_t *sum = now->operation == SF_SEND ? &socket->sent : &socket->received;

	if (!(event->flags & MSG_DONTWAIT) && event->mode != SF_MODE_UNKNOWN)
		socket->nonblocking = event->mode == SF_NONBLOCKING;
	if (*sum < event->offset)
		*sum = event->offset;
	if (!now->end_ns)
		return;
	*sum += moved(event);
	if (event->ret > 0 && is_stream(socket))
		socket->is_connected = true;
	if (event->ret == 0 && event->asked && now->operation == SF_RECV && is_stream(socket) && !socket->ended.seq)
		socket->ended = *now;
	if (sf_is_terminal(now) && is_stream(socket) && !socket->error.seq)
		socket->error = *now;
}

static void take_close(struct sf_story *story, const struct sf_scene *scene, struct sf_told_process *process)
{
	const struct sf_event *event = &scene->now->event;

	if (!scene->now->end_ns || event->error == EBADF)
		return;
	if (event->what == SF_FUNC_close_range || event->what == SF_FUNC_closefrom)
		drop_range(
		    story, process, event->asked > INT32_MAX ? INT32_MAX : (int)event->asked,
		    event->what == SF_FUNC_closefrom || event->offset > INT32_MAX ? INT32_MAX : (int)event->offset);
	else
		drop(story, process, event->fd);
}

static void take_shutdown(struct sf_scene *scene)
{
	uint32_t how = scene->now->event.flags;

	if (!has_succeeded(scene->now))
		return;
	scene->socket->shut_read |= how == SHUT_RD || how == SHUT_RDWR;
	scene->socket->shut_write |= how == SHUT_WR || how == SHUT_RDWR;
}

static void take_connect(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	scene->socket->connect = *now;
	scene->socket->side = SF_CLIENT;
	if (now->end_ns && (now->event.ret == 0 || now->event.error == EISCONN))
		scene->socket->is_connected = true;
}

/* SO_ERROR of a connection that is over says why, once. */
static void take_error(const struct sf_scene *scene)
{
	const struct sf_event *event = &scene->now->event;

	if (event->what != SF_FUNC_getsockopt || event->flags != (SOL_SOCKET << 16 | SO_ERROR) || !event->asked ||
	    !scene->socket || !is_stream(scene->socket) || scene->socket->error.seq)
		return;
	scene->socket->error = *scene->now;
	scene->socket->error.event.error = (uint16_t)event->asked;
}

static void take_option(struct sf_story *story, const struct sf_scene *scene, struct sf_told_process *process)
{
	const struct sf_event *event = &scene->now->event;

	if (!has_succeeded(scene->now))
		return;
	take_error(scene);
	if (event->what != SF_FUNC_fcntl)
		return;
	if (event->flags == F_DUPFD || event->flags == F_DUPFD_CLOEXEC)
		hold(story, process, (int)event->ret, event->socket);
	else if (event->flags == F_SETFL && scene->socket)
		scene->socket->nonblocking = event->asked & O_NONBLOCK;
}

/* A registration is about the socket, not the instance. */
static void take_registration(struct sf_story *story, struct sf_scene *scene, struct sf_told_process *process)
{
	if (scene->now->event.what != SF_FUNC_epoll_ctl || !scene->epolled_count)
		return;
	struct sf_told_socket *socket = sf_story_socket(story, sf_story_descriptor(process, scene->epolled[0].fd));

	scene->socket = socket ? &socket->story : NULL;
	if (!socket || !has_succeeded(scene->now))
		return;
	socket->story.epoll_events = scene->now->event.flags == EPOLL_CTL_DEL ? 0 : scene->epolled[0].events;
}

static void take_call(struct sf_story *story, struct sf_scene *scene, struct sf_told_process *process)
{
	switch (scene->now->operation) {
	case SF_SOCKET:
		take_socket(story, scene, process);
		break;
	case SF_ACCEPT:
		take_accept(story, scene, process);
		break;
	case SF_CLOSE:
		take_close(story, scene, process);
		break;
	case SF_SOCKOPT:
		take_option(story, scene, process);
		break;
	case SF_POLL:
		take_registration(story, scene, process);
		break;
	default:
		break;
	}
	if (!scene->socket)
		return;
	if (scene->now->operation == SF_SEND || scene->now->operation == SF_RECV)
		take_transfer(scene);
	else if (scene->now->operation == SF_SHUTDOWN)
		take_shutdown(scene);
	else if (scene->now->operation == SF_CONNECT)
		take_connect(scene);
	else if (scene->now->operation == SF_LISTEN && has_succeeded(scene->now))
		scene->socket->is_listening = true;
}

static void take_lifecycle(struct sf_story *story, const struct sf_scene *scene, struct sf_told_process *process)
{
	const struct sf_event *event = &scene->now->event;

	switch (event->what) {
	case SF_EVENT_FORK:
		process->is_loaded = process->story.is_forked = true;
		if (event->asked <= UINT32_MAX)
			inherit(story, process, (uint32_t)event->asked);
		break;
	case SF_EVENT_LOAD:
		process->is_loaded = true;
		break;
	case SF_EVENT_EXIT:
		process->has_exited = true;
		break;
	default:
		break;
	}
}

/* The event knows which socket its number names: what had gone or come unseen is put right. */
static void correct(struct sf_story *story, const struct sf_moment *now, struct sf_told_process *process)
{
	if (now->event.fd < 0 || now->operation == SF_OPERATION_COUNT || now->event.what == SF_FUNC_epoll_ctl)
		return;
	if (now->event.closed)
		drop(story, process, now->event.fd);
	else if (now->event.socket)
		hold(story, process, now->event.fd, now->event.socket);
	else if (now->end_ns && now->event.error == EBADF)
		drop(story, process, now->event.fd);
}

/* Sockets that came with the event: the ends of a pair, those of a message; of a program that starts all that it has.
 */
static void take_given(
    struct sf_story *story, const struct sf_moment *now, struct sf_told_process *process, const struct sf_given *given,
    size_t count)
{
	if (now->operation == SF_OPERATION_COUNT && now->event.what == SF_EVENT_LOAD)
		sf_story_release(story, process);
	for (size_t i = 0; i < count; i++) {
		struct sf_told_socket *socket = sf_story_socket(story, given[i].socket);

		hold(story, process, given[i].fd, given[i].socket);
		if (!socket || socket->is_known)
			continue;
		socket->is_known = true;
		socket->story.made = *now;
		if (now->event.what != SF_FUNC_socketpair)
			continue;
		socket->story.is_connected = true;
		socket->story.nonblocking = now->event.flags & SOCK_NONBLOCK;
	}
}

static void note_fault(struct sf_story *story, struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	if (!sf_is_injected(now))
		return;
	if (!story->run.fault.seq)
		story->run.fault = *now;
	if (!scene->socket)
		return;
	scene->socket->fault = *now;
	if (now->event.realism == SF_FAKE)
		scene->socket->is_faked = true;
}

void sf_story_take(struct sf_story *story, struct sf_scene *scene, const struct sf_given *given, size_t count)
{
	const struct sf_moment *now = scene->now;
	struct sf_told_process *process = sf_story_process(story, now->process);
	struct sf_told_socket *socket = sf_story_socket(story, now->event.socket);

	scene->run = &story->run;
	scene->process = process ? &process->story : NULL;
	scene->socket = socket ? &socket->story : NULL;
	if (socket && !socket->is_known) {
		socket->is_known = true;
		socket->story.made = *now;
	}
	if (!process)
		return;
	correct(story, now, process);
	if (now->operation == SF_OPERATION_COUNT)
		take_lifecycle(story, scene, process);
	else
		take_call(story, scene, process);
	take_given(story, now, process, given, count);
	note_fault(story, scene);
}

/* Who calls from the same place again has left a call that never returned (siglongjmp). */
static void pass_process(struct sf_process_story *process, const struct sf_moment *now)
{
	struct sf_moment *pending = &process->pending;

	process->last_call = *now;
	if (pending->thread == now->thread && pending->event.site == now->event.site)
		*pending = (struct sf_moment){0};
	if (!now->end_ns)
		*pending = *now;
}

void sf_story_pass(struct sf_story *story, const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	(void)story;
	if (now->operation == SF_OPERATION_COUNT)
		return;
	if (scene->process)
		pass_process(scene->process, now);
	if (!scene->socket)
		return;
	scene->socket->last = *now;
	if (now->operation == SF_SEND)
		scene->socket->last_send = *now;
	else if (now->operation == SF_RECV)
		scene->socket->last_recv = *now;
}

void sf_story_ends(struct sf_story *story, struct sf_told_process *process)
{
	const struct sf_process *record = sf_reader_process(story->reader, process->story.index);
	uint32_t state = record ? atomic_load_explicit(&record->state, memory_order_acquire) : SF_PROCESS_FREE;

	process->is_told = true;
	process->story.ending = state == SF_PROCESS_EXITED     ? SF_EXITED
	                        : state == SF_PROCESS_SIGNALED ? SF_SIGNALED
	                                                       : SF_LIVES;
	process->story.status_is_known = process->story.ending != SF_LIVES;
	process->story.status = process->story.status_is_known ? record->exit_status : 0;
	process->story.busy_ns = record ? record->busy_ms * UINT64_C(1000000) : 0;
	if (process->story.is_target && process->story.status_is_known)
		story->run.status =
		    process->story.ending == SF_EXITED ? (record->exit_status & 0xff) << 8 : record->exit_status & 0x7f;
}
