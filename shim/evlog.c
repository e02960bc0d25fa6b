/* SPDX-License-Identifier: MIT
 *
 * evlog.c -- writes events. Only the owning thread and its signal handlers write to a page; a handler finishes before
 * the code that it interrupted goes on, and that is all that claiming a slot relies on: no atomic read-modify-write is
 * needed.
 */
#include "evlog.h"

#include <string.h>
#include <time.h>

#include "core/match.h"

#define relaxed memory_order_relaxed

uint64_t sf_event_stamp(void)
{
	struct timespec now;

	if (__builtin_expect(!sf_arena->stamps_are_ns, 1))
		return sf_stamp_counter();
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Appends the page to the thread's chain. A signal handler may have appended one of its own meanwhile: go behind it. */
static void link_page(struct sf_thread *thread, uint32_t page)
{
	_Atomic uint32_t *link = &thread->first_page;
	uint32_t next = 0;

	while (!atomic_compare_exchange_strong_explicit(link, &next, page, memory_order_release, memory_order_acquire)) {
		link = &sf_event_page_at(sf_arena, next)->next;
		next = 0;
	}
}

static bool take_page(struct sf_self *self)
{
	struct sf_thread *thread = sf_thread_at(sf_arena, self->thread);
	uint32_t number = thread ? sf_arena_pages(sf_arena, 1) : 0;

	if (!number) {
		atomic_fetch_add_explicit(&sf_arena->events_lost, 1, relaxed);
		return false;
	}
	struct sf_event_page *page = sf_event_page_at(sf_arena, number);

	page->thread = self->thread;
	page->process = sf_process;
	atomic_store_explicit(&page->state, SF_EVENT_HEAD, relaxed);
	link_page(thread, number);
	self->page = number;
	self->next = (struct sf_event *)page + 1;
	return true;
}

struct sf_event *sf_event_claim(struct sf_self *self)
{
	for (;;) {
		struct sf_event *event;

		if (sf_event_next(self, &event))
			return event;
		if (sf_event_is_past_end(self->next) && !take_page(self))
			return NULL;
	}
}

/* The same for each connect to one address. */
static uint64_t address_digest(const struct sf_call *c)
{
	struct sf_endpoint to;

	return sf_endpoint_from(&to, c->address, c->address_length) ? sf_digest(&to, sizeof to) : 0;
}

void sf_event_begin(struct sf_call *c, struct sf_self *self)
{
	struct sf_event *event = sf_event_claim(self);

	c->event = event;
	if (!event)
		return;
	event->what = c->func;
	event->fd = c->fd;
	event->asked = c->asked;
	event->flags = (uint32_t)c->flags;
	event->socket = c->socket_index;
	event->site = sf_site_of(c->site);
	event->mode = c->mode;
	event->question = c->question;
	if (c->socket && sf_call_is_transfer(c)) {
		event->buffer = c->shape == SF_SHAPE_BUFFER ? (uint64_t)(uintptr_t)c->buf : 0;
		event->offset =
		    atomic_load_explicit(c->operation == SF_SEND ? &c->socket->sent : &c->socket->received, relaxed);
	}
	if (c->operation == SF_CONNECT)
		event->buffer = address_digest(c);
	event->stamp = sf_event_stamp();
	atomic_store_explicit(&event->state, SF_EVENT_PENDING, memory_order_release);
}

void sf_event_end(struct sf_call *c)
{
	struct sf_event *event = c->event;

	event->ticks = sf_event_stamp() - event->stamp;
	event->ret = c->ret;
	event->error = c->ret < 0 || c->operation == SF_RESOLVE ? (uint16_t)c->err : 0;
	atomic_store_explicit(&event->state, SF_EVENT_DONE, memory_order_release);
}

struct sf_event *sf_event_note(enum sf_lifecycle what, int64_t ret, uint64_t asked)
{
	struct sf_self *self = sf_self_get();
	struct sf_event *event = self && sf_arena->trace_level == SF_TRACE_ALL ? sf_event_claim(self) : NULL;

	if (!event)
		return NULL;
	event->what = (uint16_t)what;
	event->fd = -1;
	event->ret = ret;
	event->asked = asked;
	event->stamp = sf_event_stamp();
	atomic_store_explicit(&event->state, SF_EVENT_DONE, memory_order_release);
	return event;
}

struct sf_extension *sf_event_extend_part(
    struct sf_event *event, enum sf_extension_kind kind, unsigned part, const void *content, size_t length)
{
	struct sf_self *self = sf_self_get();
	uint64_t at = (uint64_t)((char *)event - (char *)sf_arena);
	struct sf_extension *extension =
	    self && event->extensions < 255 ? (struct sf_extension *)sf_event_claim(self) : NULL;

	if (!extension)
		return NULL;
	extension->kind = (uint8_t)kind;
	extension->length = (uint8_t)length;
	extension->part = (uint16_t)part;
	extension->page = (uint32_t)(at / SF_PAGE_SIZE);
	extension->slot = (uint16_t)(at % SF_PAGE_SIZE / SF_EVENT_SIZE);
	memcpy(extension->data, content, length);
	atomic_store_explicit(&extension->state, SF_EVENT_EXTENSION, memory_order_release);
	event->extensions++;
	return extension;
}

void sf_event_extend(struct sf_event *event, enum sf_extension_kind kind, const void *content, size_t length)
{
	const char *from = content;

	for (unsigned part = 0; length > 0; part++) {
		size_t piece = length < SF_EXTENSION_PART ? length : SF_EXTENSION_PART;

		if (!sf_event_extend_part(event, kind, part, from, piece))
			return;
		from += piece;
		length -= piece;
	}
}
