/* SPDX-License-Identifier: MIT
 *
 * reader.c -- merges the chains of event pages. Each thread is a lane: a cursor in its chain and a short window of
 * events ahead, sorted; the lanes are a heap by the first stamp of their windows. A page is entered once at most,
 * whatever its links say, so that a hostile chain ends. A page counts only for the thread that its head names.
 */
#include "cli/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"

/* Events of a thread that are looked at ahead: handlers within handlers within ... this many deep are put in order. */
#define WINDOW 8
/* Empty slots after which the rest of a last page is taken for empty. */
#define EMPTY_ENOUGH 32
/* So often one that follows a run looks at a slot that others have passed by. */
#define GAP_LOOKS 20
/* Slots that are searched for the extensions of an event: calls of signal handlers may stand between. */
#define EXTENSION_REACH 16384
/* Address space for a file that grows while it is followed. */
#define FOLLOW_MAX (UINT64_C(1) << 40)

const char *const sf_fate_words[3] = {"done", "pending", "killed"};

struct ahead {
	uint64_t stamp;
	uint32_t page, slot;
};

struct lane {
	uint32_t thread, process;
	uint32_t page, slot; /* to be read next; page 0: not entered yet */
	bool ended;          /* nothing more can come */
	uint8_t count;
	uint32_t gap;       /* slot that is being filled while those behind it are, 0: none */
	uint32_t gap_looks; /* that it was seen so for the first time */
	struct ahead window[WINDOW];
};

struct sf_reader {
	const struct sf_arena *arena;
	uint64_t mapped; /* bytes of address space; 0: the memory is the caller's */
	uint64_t size;   /* bytes of the file that may be touched */
	int fd;          /* while it is followed, else -1 */
	bool patient;
	uint32_t looks; /* of one that follows */
	uint64_t seq;
	uint32_t threads_seen;
	struct lane *lanes;
	uint32_t lane_count, lane_room;
	uint32_t *heap; /* lanes that have events ahead */
	uint32_t heap_count;
	char **programs; /* by process: what it loaded last, where its load event says so; else NULL */
	uint32_t program_room;
	unsigned char *entered; /* one bit a page */
	uint64_t entered_pages;
};

/* ---- records ---- */

bool sf_reader_holds(const struct sf_reader *reader, uint64_t offset, uint64_t length)
{
	return offset <= reader->size && length <= reader->size - offset;
}

static const void *record(const struct sf_reader *reader, enum sf_table_name name, uint32_t index)
{
	const void *at = sf_arena_record(reader->arena, name, index);
	uint64_t offset = at ? (uint64_t)((uintptr_t)at - (uintptr_t)reader->arena) : 0;

	return offset && sf_reader_holds(reader, offset, reader->arena->tables[name].record_size) ? at : NULL;
}

const struct sf_process *sf_reader_process(const struct sf_reader *reader, uint32_t index)
{
	return record(reader, SF_PROCESSES, index);
}

const struct sf_thread *sf_reader_thread(const struct sf_reader *reader, uint32_t index)
{
	return record(reader, SF_THREADS, index);
}

const struct sf_socket *sf_reader_socket(const struct sf_reader *reader, uint32_t index)
{
	return record(reader, SF_SOCKETS, index);
}

const struct sf_site *sf_reader_site(const struct sf_reader *reader, uint32_t index)
{
	return record(reader, SF_SITES, index);
}

const struct sf_object *sf_reader_object(const struct sf_reader *reader, uint32_t index)
{
	return record(reader, SF_OBJECTS, index);
}

uint32_t sf_reader_count(const struct sf_reader *reader, enum sf_table_name name)
{
	const struct sf_table *table = &reader->arena->tables[name];
	uint32_t count = atomic_load_explicit(&table->count, memory_order_acquire);
	uint32_t most = table->directory_size * table->per_page;

	return count < most ? count : most;
}

const struct sf_arena *sf_reader_arena(const struct sf_reader *reader)
{
	return reader->arena;
}

const struct sf_ruleset *sf_reader_rules(const struct sf_reader *reader)
{
	uint64_t at = atomic_load_explicit(&reader->arena->ruleset_at, memory_order_acquire);
	const struct sf_ruleset *set =
	    (const struct sf_ruleset *)((const char *)reader->arena + (at < reader->size ? at : 0));

	if (!at || at % 8 || !sf_reader_holds(reader, at, offsetof(struct sf_ruleset, rules)) ||
	    set->count > SF_RULES_MAX || !sf_reader_holds(reader, at, sf_ruleset_size(set)))
		return NULL;
	return set;
}

/* ---- pages ---- */

static const struct sf_event *page_at(const struct sf_reader *reader, uint32_t page)
{
	return page && sf_reader_holds(reader, page * SF_PAGE_SIZE, SF_PAGE_SIZE)
	           ? (const struct sf_event *)((const char *)reader->arena + page * SF_PAGE_SIZE)
	           : NULL;
}

static const struct sf_event_page *head_of(const struct sf_reader *reader, uint32_t page, uint32_t thread)
{
	const struct sf_event_page *head = (const struct sf_event_page *)page_at(reader, page);

	if (!head || atomic_load_explicit(&head->state, memory_order_acquire) != SF_EVENT_HEAD || head->thread != thread)
		return NULL;
	return head;
}

static uint32_t next_page(const struct sf_reader *reader, const struct lane *lane)
{
	const struct sf_event_page *head = head_of(reader, lane->page, lane->thread);
	const struct sf_thread *thread = lane->page ? NULL : sf_reader_thread(reader, lane->thread);

	if (thread)
		return atomic_load_explicit(&thread->first_page, memory_order_acquire);
	return head ? atomic_load_explicit(&head->next, memory_order_acquire) : 0;
}

static bool grow_entered(struct sf_reader *reader)
{
	uint64_t pages = reader->size / SF_PAGE_SIZE + 1;

	if (pages <= reader->entered_pages)
		return true;
	unsigned char *larger = realloc(reader->entered, (pages + 7) / 8);

	if (!larger)
		return false;
	memset(larger + (reader->entered_pages + 7) / 8, 0, (pages + 7) / 8 - (reader->entered_pages + 7) / 8);
	reader->entered = larger;
	reader->entered_pages = pages;
	return true;
}

/* Goes to the next page of the chain. False: there is none, now or ever. */
static bool enter_page(struct sf_reader *reader, struct lane *lane)
{
	uint32_t page = next_page(reader, lane);
	const struct sf_event_page *head = head_of(reader, page, lane->thread);

	if (!head || page >= reader->entered_pages || (reader->entered[page / 8] >> page % 8 & 1))
		return false;
	reader->entered[page / 8] |= (unsigned char)(1 << page % 8);
	lane->page = page;
	lane->process = head->process;
	lane->slot = 1;
	return true;
}

/* ---- lanes ---- */

/* Are this slot and those after it empty, and no page behind them? */
static bool is_the_end(const struct sf_reader *reader, const struct lane *lane)
{
	const struct sf_event *events = page_at(reader, lane->page);

	for (uint32_t i = lane->slot; i < SF_EVENTS_PER_PAGE && i < lane->slot + EMPTY_ENOUGH; i++)
		if (atomic_load_explicit(&events[i].state, memory_order_acquire) != SF_EVENT_UNUSED)
			return false;
	return next_page(reader, lane) == 0;
}

static void keep_sorted(struct lane *lane, const struct ahead *event)
{
	unsigned i = lane->count++;

	for (; i > 0 && lane->window[i - 1].stamp > event->stamp; i--)
		lane->window[i] = lane->window[i - 1];
	lane->window[i] = *event;
}

/* A slot is claimed, those behind it are filled. It will be as well, in no time, unless a handler jumped out of what
 * was about to fill it. */
static bool is_worth_waiting(const struct sf_reader *reader, struct lane *lane)
{
	if (is_the_end(reader, lane))
		return true;
	if (lane->gap != lane->slot) {
		lane->gap = lane->slot;
		lane->gap_looks = reader->looks;
	}
	return reader->looks - lane->gap_looks < GAP_LOOKS;
}

/* Takes one slot, which may be empty or an extension. False: the lane has come to its end, for now. */
static bool take_slot(struct sf_reader *reader, struct lane *lane)
{
	const struct sf_event *events = page_at(reader, lane->page);

	if (!events || lane->slot >= SF_EVENTS_PER_PAGE) {
		if (enter_page(reader, lane))
			return true;
		lane->ended = !reader->patient;
		return false;
	}
	const struct sf_event *event = &events[lane->slot];
	uint16_t state = atomic_load_explicit(&event->state, memory_order_acquire);

	if (state == SF_EVENT_UNUSED && (reader->patient ? is_worth_waiting(reader, lane) : is_the_end(reader, lane))) {
		lane->ended = !reader->patient;
		return false;
	}
	if (state == SF_EVENT_DONE || state == SF_EVENT_PENDING)
		keep_sorted(lane, &(struct ahead){event->stamp, lane->page, lane->slot});
	lane->slot++;
	lane->gap = state == SF_EVENT_UNUSED ? lane->slot : 0; /* those behind it were seen as long */
	return true;
}

static void fill(struct sf_reader *reader, struct lane *lane)
{
	while (lane->count < WINDOW && !lane->ended && take_slot(reader, lane))
		;
}

/* ---- the heap ---- */

static bool earlier(const struct sf_reader *reader, uint32_t a, uint32_t b)
{
	const struct ahead *x = reader->lanes[a].window, *y = reader->lanes[b].window;

	return x->stamp < y->stamp || (x->stamp == y->stamp && a < b);
}

static void sink(struct sf_reader *reader, uint32_t at)
{
	uint32_t *heap = reader->heap, lane = heap[at];

	for (uint32_t child; (child = 2 * at + 1) < reader->heap_count; at = child) {
		if (child + 1 < reader->heap_count && earlier(reader, heap[child + 1], heap[child]))
			child++;
		if (!earlier(reader, heap[child], lane))
			break;
		heap[at] = heap[child];
	}
	heap[at] = lane;
}

static void build_heap(struct sf_reader *reader)
{
	reader->heap_count = 0;
	for (uint32_t i = 0; i < reader->lane_count; i++) {
		fill(reader, &reader->lanes[i]);
		if (reader->lanes[i].count)
			reader->heap[reader->heap_count++] = i;
	}
	for (uint32_t i = reader->heap_count / 2; i-- > 0;)
		sink(reader, i);
}

/* ---- opening ---- */

/* Threads are few against events; those without a page have no lane yet and are looked at again. */
static bool add_lanes(struct sf_reader *reader)
{
	uint32_t count = sf_reader_count(reader, SF_THREADS);

	for (uint32_t i = reader->threads_seen + 1; i <= count; i++) {
		const struct sf_thread *thread = sf_reader_thread(reader, i);

		reader->threads_seen = i;
		if (!thread || (!reader->patient && !atomic_load_explicit(&thread->first_page, memory_order_acquire)))
			continue;
		if (reader->lane_count == reader->lane_room) {
			uint32_t room = reader->lane_room ? reader->lane_room * 2 : 64;
			struct lane *lanes = realloc(reader->lanes, room * sizeof *lanes);
			uint32_t *heap = lanes ? realloc(reader->heap, room * sizeof *heap) : NULL;

			reader->lanes = lanes ? lanes : reader->lanes;
			reader->heap = heap ? heap : reader->heap;
			if (!lanes || !heap)
				return false;
			reader->lane_room = room;
		}
		reader->lanes[reader->lane_count++] = (struct lane){.thread = i};
	}
	return true;
}

static struct sf_reader *begin(struct sf_reader *reader, const char **why)
{
	*why = sf_arena_refuse(reader->arena, reader->size);
	if (*why)
		return NULL;
	sf_reader_rewind(reader);
	return reader;
}

struct sf_reader *sf_reader_over(const void *memory, uint64_t size, const char **why)
{
	struct sf_reader *reader = calloc(1, sizeof *reader);

	*why = "out of memory";
	if (!reader)
		return NULL;
	reader->arena = memory;
	reader->size = size;
	reader->fd = -1;
	if (begin(reader, why))
		return reader;
	sf_reader_close(reader);
	return NULL;
}

/* Maps as much address space as the file may grow to, where there is so much; only reader->size of it is touched. */
static bool map(struct sf_reader *reader)
{
	struct sf_arena header;
	struct stat st;

	if (fstat(reader->fd, &st) != 0 || pread(reader->fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
	    !S_ISREG(st.st_mode))
		return false;
	reader->size = (uint64_t)st.st_size;
	reader->mapped = reader->size;
	if (header.size > reader->size && header.size <= FOLLOW_MAX)
		reader->mapped = header.size;
	void *memory = mmap(NULL, reader->mapped, PROT_READ, MAP_SHARED | MAP_NORESERVE, reader->fd, 0);

	if (memory == MAP_FAILED) {
		reader->mapped = reader->size;
		memory = mmap(NULL, reader->mapped, PROT_READ, MAP_SHARED, reader->fd, 0);
	}
	if (memory == MAP_FAILED)
		reader->mapped = 0;
	else
		reader->arena = memory;
	return reader->mapped != 0;
}

struct sf_reader *sf_reader_open(const char *path, const char **why)
{
	struct sf_reader *reader = calloc(1, sizeof *reader);

	*why = "out of memory";
	if (!reader)
		return NULL;
	reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (reader->fd < 0) {
		*why = strerror(errno);
	} else {
		*why = "it is not a sockfault trace";
		if (map(reader) && begin(reader, why))
			return reader;
	}
	sf_reader_close(reader);
	return NULL;
}

void sf_reader_close(struct sf_reader *reader)
{
	if (reader->mapped)
		munmap((void *)(uintptr_t)reader->arena, reader->mapped);
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader->lanes);
	free(reader->heap);
	for (uint32_t i = 0; i < reader->program_room; i++)
		free(reader->programs[i]);
	free(reader->programs);
	free(reader->entered);
	free(reader);
}

/* ---- the sequence ---- */

void sf_reader_rewind(struct sf_reader *reader)
{
	reader->seq = 0;
	reader->lane_count = 0;
	reader->threads_seen = 0;
	for (uint32_t i = 0; i < reader->program_room; i++)
		if (reader->programs[i])
			reader->programs[i][0] = '\0';
	if (reader->entered)
		memset(reader->entered, 0, (reader->entered_pages + 7) / 8);
	sf_reader_refresh(reader);
}

void sf_reader_follow(struct sf_reader *reader)
{
	reader->patient = true;
	sf_reader_rewind(reader);
}

void sf_reader_refresh(struct sf_reader *reader)
{
	struct stat st;

	reader->looks++;
	if (reader->fd >= 0 && fstat(reader->fd, &st) == 0)
		reader->size = (uint64_t)st.st_size < reader->mapped ? (uint64_t)st.st_size : reader->mapped;
	if (grow_entered(reader) && add_lanes(reader))
		build_heap(reader);
}

static enum sf_fate fate_of(const struct sf_reader *reader, uint32_t index)
{
	const struct sf_process *process = sf_reader_process(reader, index);
	uint32_t state = process ? atomic_load_explicit(&process->state, memory_order_acquire) : SF_PROCESS_EXITED;

	if (state == SF_PROCESS_SIGNALED)
		return SF_FATE_KILLED;
	if (state == SF_PROCESS_EXITED || !process)
		return SF_FATE_PENDING;
	return sf_process_lives(process) ? SF_FATE_PENDING : SF_FATE_KILLED;
}

/* Enums out of bounds read as "none": whoever looks at an event may index tables by them. */
static void bound(struct sf_event *event)
{
	if (event->mode >= SF_MODE_COUNT)
		event->mode = SF_MODE_UNKNOWN;
	if (event->realism >= SF_REALISM_COUNT)
		event->realism = SF_REALISM_NONE;
	if (event->fault_unit > SF_UNIT_SIGNAL)
		event->fault_unit = SF_UNIT_NONE;
	if (event->fault > SF_FAULT_COUNT)
		event->fault = 0;
	if (event->shaped_fault > SF_FAULT_COUNT)
		event->shaped_fault = 0;
}

static void read_event(const struct sf_reader *reader, struct sf_seen *seen)
{
	const struct sf_event *event = page_at(reader, seen->page) + seen->slot;
	bool done = atomic_load_explicit(&event->state, memory_order_acquire) == SF_EVENT_DONE;

	memcpy(&seen->event, event, sizeof seen->event);
	bound(&seen->event);
	seen->fate = done ? SF_FATE_DONE : fate_of(reader, seen->process);
}

/* The place for the program of a process; NULL: no memory, or no such process. */
static char *program_place(struct sf_reader *reader, uint32_t process)
{
	uint32_t count = sf_reader_count(reader, SF_PROCESSES) + 1;

	if (process >= count)
		return NULL;
	if (process >= reader->program_room) {
		char **larger = realloc(reader->programs, count * sizeof *larger);

		if (!larger)
			return NULL;
		memset(larger + reader->program_room, 0, (count - reader->program_room) * sizeof *larger);
		reader->programs = larger;
		reader->program_room = count;
	}
	if (!reader->programs[process])
		reader->programs[process] = calloc(1, SF_PROGRAM_SIZE);
	return reader->programs[process];
}

/* The record of a process knows only its latest program: an exec overwrites the one before. */
static void load_program(struct sf_reader *reader, const struct sf_seen *seen)
{
	char name[SF_PROGRAM_SIZE] = "";
	size_t length = 0;

	if (seen->event.extensions)
		length = sf_reader_extension(reader, seen, SF_EXTENSION_TEXT, name, sizeof name);
	char *place = length ? program_place(reader, seen->process) : NULL;

	if (place)
		memcpy(place, name, sizeof name);
}

static const char *program_of(const struct sf_reader *reader, uint32_t index)
{
	const struct sf_process *process = sf_reader_process(reader, index);

	if (index < reader->program_room && reader->programs[index] && reader->programs[index][0])
		return reader->programs[index];
	return process && process->program[0] ? process->program : NULL;
}

bool sf_reader_next(struct sf_reader *reader, struct sf_seen *seen)
{
	if (!reader->heap_count)
		return false;
	struct lane *lane = &reader->lanes[reader->heap[0]];
	const struct sf_event_page *head = head_of(reader, lane->window[0].page, lane->thread);

	seen->seq = ++reader->seq;
	seen->thread = lane->thread;
	seen->page = lane->window[0].page;
	seen->slot = lane->window[0].slot;
	seen->process = head ? head->process : 0;
	read_event(reader, seen);
	if (seen->event.what == SF_EVENT_LOAD)
		load_program(reader, seen);
	seen->program = program_of(reader, seen->process);
	lane->count--;
	memmove(lane->window, lane->window + 1, lane->count * sizeof lane->window[0]);
	fill(reader, lane);
	if (!lane->count)
		reader->heap[0] = reader->heap[--reader->heap_count];
	if (reader->heap_count)
		sink(reader, 0);
	return true;
}

bool sf_reader_again(struct sf_reader *reader, struct sf_seen *seen)
{
	if (!page_at(reader, seen->page))
		return false;
	read_event(reader, seen);
	return seen->fate != SF_FATE_PENDING;
}

/* By the links of the chain alone; more of them than pages are a ring. */
uint64_t sf_reader_last_stamp(const struct sf_reader *reader, uint32_t thread)
{
	struct lane lane = {.thread = thread};
	uint64_t left = reader->entered_pages, stamp = 0;

	for (uint32_t page; left > 0 && (page = next_page(reader, &lane)) && head_of(reader, page, thread); left--)
		lane.page = page;
	const struct sf_event *events = lane.page ? page_at(reader, lane.page) : NULL;

	for (uint32_t i = 1; events && i < SF_EVENTS_PER_PAGE; i++) {
		uint16_t state = atomic_load_explicit(&events[i].state, memory_order_acquire);

		if ((state == SF_EVENT_DONE || state == SF_EVENT_PENDING) && events[i].stamp > stamp)
			stamp = events[i].stamp;
	}
	return stamp;
}

bool sf_reader_is_over(struct sf_reader *reader)
{
	if (!atomic_load_explicit(&reader->arena->ended, memory_order_acquire) && sf_reader_has_living(reader))
		return false;
	reader->patient = false;
	return true;
}

/* ---- what belongs to an event ---- */

static void append_part(const struct sf_extension *extension, struct sf_extension_buffer *buffer)
{
	size_t length = extension->length < sizeof extension->data ? extension->length : sizeof extension->data;

	if (length > buffer->size - buffer->used)
		length = buffer->size - buffer->used;
	if (length)
		memcpy((char *)buffer->to + buffer->used, extension->data, length);
	buffer->used += length;
}

void sf_reader_extensions(
    const struct sf_reader *reader, const struct sf_seen *seen, struct sf_extension_buffer buffers[SF_EXTENSION_COUNT])
{
	struct lane lane = {.thread = seen->thread, .page = seen->page, .slot = seen->slot + 1};
	unsigned left = seen->event.extensions;

	for (unsigned looked = 0; left > 0 && looked < EXTENSION_REACH; looked++, lane.slot++) {
		if (lane.slot >= SF_EVENTS_PER_PAGE) {
			lane.page = next_page(reader, &lane);
			lane.slot = 1;
		}
		if (!head_of(reader, lane.page, lane.thread))
			break;
		const struct sf_extension *extension = (const struct sf_extension *)(page_at(reader, lane.page) + lane.slot);

		if (atomic_load_explicit(&extension->state, memory_order_acquire) != SF_EVENT_EXTENSION ||
		    extension->page != seen->page || extension->slot != seen->slot)
			continue;
		if (extension->kind < SF_EXTENSION_COUNT && buffers[extension->kind].to)
			append_part(extension, &buffers[extension->kind]);
		left--;
	}
}
