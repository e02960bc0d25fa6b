/* SPDX-License-Identifier: MIT
 *
 * waits.c -- see waits.h. An epoll instance is known by process and descriptor; a forked child has its parent's. A
 * registration whose socket has left its number is gone, as for the kernel where no copy of it lives.
 */
#include "cli/waits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "cli/cli.h"

struct registration {
	int fd;
	uint32_t socket; /* 0: no socket that is known */
	uint32_t events;
	uint64_t data;
};

struct sf_instance {
	uint32_t process;
	int fd;
	struct registration *list;
	size_t count, room;
};

static void *with_room(void *list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return list;
	*room = *room ? *room * 2 : 8;
	list = realloc(list, *room * size);
	if (!list)
		sf_die("out of memory");
	return list;
}

/* That of this process, or of the one that forked it. */
static struct sf_instance *find(struct sf_waits *waits, struct sf_story *story, uint32_t process, int fd)
{
	for (unsigned generation = 0; process && generation < 64; generation++) {
		for (size_t i = 0; i < waits->count; i++)
			if (waits->instances[i].process == process && waits->instances[i].fd == fd)
				return &waits->instances[i];
		struct sf_told_process *told = sf_story_process(story, process);

		process = told ? told->story.parent : 0;
	}
	return NULL;
}

static struct sf_instance *make(struct sf_waits *waits, uint32_t process, int fd)
{
	waits->instances = with_room(waits->instances, waits->count, &waits->room, sizeof *waits->instances);
	waits->instances[waits->count] = (struct sf_instance){.process = process, .fd = fd};
	return &waits->instances[waits->count++];
}

static void forget(struct sf_instance *instance, int fd)
{
	for (size_t i = 0; i < instance->count; i++)
		if (instance->list[i].fd == fd) {
			instance->list[i] = instance->list[--instance->count];
			return;
		}
}

static void control(struct sf_instance *instance, const struct sf_scene *scene, uint32_t socket)
{
	forget(instance, (int)scene->now->event.asked);
	if (scene->now->event.flags == EPOLL_CTL_DEL || !scene->epolled_count)
		return;
	instance->list = with_room(instance->list, instance->count, &instance->room, sizeof *instance->list);
	instance->list[instance->count++] = (struct registration){
	    .fd = scene->epolled[0].fd,
	    .socket = socket,
	    .events = scene->epolled[0].events,
	    .data = scene->epolled[0].data};
}

void sf_waits_take(struct sf_waits *waits, struct sf_story *story, const struct sf_scene *scene)
{
	const struct sf_event *event = &scene->now->event;
	uint32_t process = scene->now->process;
	struct sf_instance *instance;

	if (event->ret < 0 || !scene->now->end_ns)
		return;
	switch (event->what) {
	case SF_FUNC_epoll_create:
	case SF_FUNC_epoll_create1:
		instance = find(waits, story, process, (int)event->ret);
		if (instance && instance->process == process)
			instance->count = 0; /* the number had been another's */
		else
			make(waits, process, (int)event->ret);
		break;
	case SF_FUNC_epoll_ctl:
		instance = find(waits, story, process, event->fd);
		if (!instance)
			instance = make(waits, process, event->fd);
		control(instance, scene, scene->socket ? scene->socket->index : 0);
		break;
	default:
		break;
	}
}

static void add(struct sf_waits *waits, struct sf_watched one)
{
	if (waits->watched_count < SF_WATCHED_MAX)
		waits->watched[waits->watched_count++] = one;
	else
		waits->is_whole = waits->has_rests = false;
}

static uint32_t told_of(const struct sf_scene *scene, uint64_t data)
{
	for (size_t i = 0; i < scene->epolled_count; i++)
		if (scene->epolled[i].data == data)
			return scene->epolled[i].events;
	return 0;
}

static void answer_epoll(
    struct sf_waits *waits, struct sf_told_process *process, struct sf_instance *instance, const struct sf_scene *scene)
{
	for (size_t i = 0; i < instance->count;) {
		struct registration *one = &instance->list[i];

		if (one->socket && sf_story_descriptor(process, one->fd) != one->socket) {
			*one = instance->list[--instance->count];
			continue;
		}
		uint32_t told = told_of(scene, one->data);

		add(waits, (struct sf_watched){one->fd, one->socket, (uint16_t)one->events, (uint16_t)told});
		if (told && one->events & EPOLLONESHOT)
			one->events &= ~(uint32_t)0xffff;
		i++;
	}
}

static bool is_select(const struct sf_scene *scene)
{
	return scene->now->event.what == SF_FUNC_select || scene->now->event.what == SF_FUNC_pselect;
}

/* How many descriptors poll was given is in `asked`; select shows as many as there is room for. */
static bool shows_all(const struct sf_scene *scene)
{
	return is_select(scene) ? scene->polled_count < SF_POLLED_SHOWN && scene->now->event.asked <= 1024
	                        : scene->now->event.asked <= SF_POLLED_SHOWN;
}

void sf_waits_answer(struct sf_waits *waits, struct sf_story *story, const struct sf_scene *scene)
{
	uint32_t index = scene->now->process;
	struct sf_told_process *process = sf_story_process(story, index);

	if (waits->seq == scene->now->seq)
		return;
	waits->seq = scene->now->seq;
	waits->watched_count = 0;
	waits->is_whole = waits->has_rests = false;
	if (!process)
		return;
	if (scene->now->event.fd < 0) {
		waits->is_whole = shows_all(scene);
		waits->has_rests = waits->is_whole || (!is_select(scene) && scene->polled_count < SF_POLLED_SHOWN);
		for (size_t i = 0; i < scene->polled_count; i++)
			add(waits, (struct sf_watched){
			               scene->polled[i].fd, sf_story_descriptor(process, scene->polled[i].fd),
			               scene->polled[i].events, scene->polled[i].revents});
		return;
	}
	struct sf_instance *instance = find(waits, story, index, scene->now->event.fd);

	waits->is_whole = waits->has_rests = instance != NULL;
	if (instance)
		answer_epoll(waits, process, instance, scene);
}

void sf_waits_end(struct sf_waits *waits)
{
	for (size_t i = 0; i < waits->count; i++)
		free(waits->instances[i].list);
	free(waits->instances);
}
