/* SPDX-License-Identifier: MIT
 *
 * made_trace.c -- see made_trace.h. Any failure aborts: the tests stand on it.
 */
#include "made_trace.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Where the latest event was made: a million events are not searched each time. */
static struct {
	const void *arena;
	uint32_t thread, page, slot;
} last;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "made_trace: %s\n", what);
	abort();
}

struct made_trace made_trace(uint32_t pages)
{
	struct made_trace trace = {.size = pages * SF_PAGE_SIZE};
	void *memory = mmap(NULL, trace.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(memory != MAP_FAILED && pages > SF_HEADER_PAGES, "no memory");
	trace.arena = memory;
	sf_arena_format(trace.arena, trace.size, pages);
	trace.arena->stamps_are_ns = 1;
	trace.arena->trace_level = SF_TRACE_ALL;
	trace.arena->realism = SF_POSIX;
	atomic_store(&trace.arena->ended, 1);
	return trace;
}

void made_trace_free(struct made_trace *trace)
{
	munmap(trace->arena, trace->size);
	last.arena = NULL;
	trace->arena = NULL;
}

uint32_t made_process(struct made_trace *trace, uint32_t pid, const char *program)
{
	uint32_t index = sf_process_new(trace->arena, 0, 0, 0, pid);
	struct sf_process *process = sf_process_at(trace->arena, index);

	must(process, "no room for a process");
	snprintf(process->program, sizeof process->program, "%s", program);
	atomic_store(&process->state, SF_PROCESS_EXITED);
	return sf_thread_new(trace->arena, index, 0, pid);
}

uint32_t made_thread(struct made_trace *trace, uint32_t creator, uint32_t tid)
{
	return sf_thread_new(trace->arena, sf_thread_at(trace->arena, creator)->process, creator, tid);
}

uint32_t made_socket(struct made_trace *trace, uint32_t thread, uint16_t port)
{
	uint32_t index = sf_arena_new(trace->arena, SF_SOCKETS);
	struct sf_socket *socket = sf_socket_at(trace->arena, index);

	must(socket, "no room for a socket");
	socket->family = SF_INET;
	socket->type = SF_STREAM;
	socket->side = SF_CLIENT;
	socket->peer = (struct sf_endpoint){.family = SF_INET, .length = 4, .port = port, .bytes = {127, 0, 0, 1}};
	sf_socket_name(trace->arena, socket, thread, sf_thread_at(trace->arena, thread));
	return index;
}

static struct sf_event_page *new_page(struct made_trace *trace, uint32_t thread, uint32_t *number)
{
	struct sf_event_page *page;

	*number = sf_arena_pages(trace->arena, 1);
	must(*number, "no room for a page");
	page = sf_event_page_at(trace->arena, *number);
	page->thread = thread;
	page->process = sf_thread_at(trace->arena, thread)->process;
	atomic_store(&page->state, SF_EVENT_HEAD);
	return page;
}

struct sf_event *made_slot(struct made_trace *trace, uint32_t thread)
{
	_Atomic uint32_t *link = &sf_thread_at(trace->arena, thread)->first_page;
	uint32_t page = 0, slot = 1;

	if (last.arena == trace->arena && last.thread == thread) {
		page = last.page;
		slot = last.slot + 1;
		link = &sf_event_page_at(trace->arena, page)->next;
	} else {
		for (; *link; link = &sf_event_page_at(trace->arena, page)->next)
			page = *link;
		while (page && slot < SF_EVENTS_PER_PAGE && sf_event_at(trace->arena, page, slot)->state != SF_EVENT_UNUSED)
			slot++;
	}
	if (!page || slot == SF_EVENTS_PER_PAGE) {
		new_page(trace, thread, &page);
		atomic_store(link, page);
		slot = 1;
	}
	last.arena = trace->arena;
	last.thread = thread;
	last.page = page;
	last.slot = slot;
	return sf_event_at(trace->arena, page, slot);
}

struct sf_event *made_event(struct made_trace *trace, uint32_t thread, unsigned what, uint64_t stamp, int64_t ret)
{
	struct sf_event *event = made_slot(trace, thread);

	event->what = (uint16_t)what;
	event->fd = 5;
	event->stamp = stamp;
	event->ret = ret;
	atomic_store(&event->state, SF_EVENT_DONE);
	return event;
}

void made_extension(
    struct made_trace *trace, uint32_t thread, struct sf_event *event, enum sf_extension_kind kind, const void *content,
    size_t length)
{
	struct sf_extension *extension = (struct sf_extension *)made_slot(trace, thread);
	uint64_t at = (uint64_t)((char *)event - (char *)trace->arena);

	must(length <= sizeof extension->data, "too long for one record");
	extension->kind = (uint8_t)kind;
	extension->length = (uint8_t)length;
	extension->part = event->extensions;
	extension->page = (uint32_t)(at / SF_PAGE_SIZE);
	extension->slot = (uint16_t)(at % SF_PAGE_SIZE / SF_EVENT_SIZE);
	memcpy(extension->data, content, length);
	event->extensions++;
	atomic_store(&extension->state, SF_EVENT_EXTENSION);
}

void made_trace_save(const struct made_trace *trace, const char *path)
{
	FILE *file = fopen(path, "w");

	must(file && fwrite(trace->arena, 1, trace->size, file) == trace->size && fclose(file) == 0, "can't write");
}
