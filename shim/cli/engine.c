/* SPDX-License-Identifier: MIT
 *
 * engine.c -- see engine.h. Each event is read once, taken into the stories (story.h) and shown to the findings that
 * want its operation; scene.c answers them, and keeps what they say.
 */
#include "cli/engine.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/scene.h"

#define load(place) atomic_load_explicit(&(place), memory_order_acquire)

/* ---- showing them the run ---- */

static void show_event(struct sf_engine *engine)
{
	struct sf_scene *scene = &engine->scene;
	enum sf_operation operation = scene->now->operation;
	void *socket = sf_behind_socket(scene->socket), *process = sf_behind_process(scene->process);
	void *thread = sf_story_thread(&engine->story, scene->now->thread);

	for (unsigned i = 0; i < engine->wanted_count[operation]; i++) {
		int finding = engine->wanted[operation][i];

		sf_scene_enter(engine, finding, socket, process, thread);
		sf_findings[finding]->see(scene);
	}
}

/* Which of a finding's functions is called at an end. */
typedef void end_function(struct sf_scene *scene);

static end_function *of_socket_end(const struct sf_finding *finding)
{
	return finding->socket_ends;
}

static end_function *of_process_end(const struct sf_finding *finding)
{
	return finding->process_ends;
}

static end_function *of_run_end(const struct sf_finding *finding)
{
	return finding->finish;
}

static void
show_end(struct sf_engine *engine, struct sf_scene scene, end_function *(*function_of)(const struct sf_finding *))
{
	void *socket = sf_behind_socket(scene.socket), *process = sf_behind_process(scene.process);

	scene.run = &engine->story.run;
	for (int i = 0; i < SF_FINDING_COUNT && !engine->is_baseline; i++) {
		end_function *function = function_of(sf_findings[i]);

		if (!function)
			continue;
		engine->scene = scene;
		sf_scene_enter(engine, i, socket, process, NULL);
		function(&engine->scene);
	}
}

/* Nobody closed it: its last process ended. */
static void count_left(struct sf_engine *engine, const struct sf_told_socket *socket, const struct sf_moment *now)
{
	struct sf_baseline_site *count = now ? NULL : sf_baseline_count(engine, &socket->story.made);

	if (count)
		count->sockets_left++;
}

static void show_gone_sockets(struct sf_engine *engine, struct sf_process_story *process, const struct sf_moment *now)
{
	for (size_t i = 0; i < engine->story.gone_count; i++) {
		struct sf_told_socket *socket = engine->story.sockets[engine->story.gone[i]];

		if (socket->story.holders || socket->is_told)
			continue;
		socket->is_told = true;
		count_left(engine, socket, now);
		show_end(engine, (struct sf_scene){.socket = &socket->story, .process = process, .now = now}, of_socket_end);
	}
	engine->story.gone_count = 0;
}

static void end_process(struct sf_engine *engine, struct sf_told_process *process)
{
	if (process->is_told)
		return;
	sf_story_ends(&engine->story, process);
	show_end(engine, (struct sf_scene){.process = &process->story}, of_process_end);
	sf_story_release(&engine->story, process);
	show_gone_sockets(engine, &process->story, NULL);
}

/* Another image: the program before it has ended, its descriptors may live on. */
static void replace_image(struct sf_engine *engine, struct sf_told_process *process)
{
	struct sf_process_story *story = &process->story;

	story->ending = SF_REPLACED;
	show_end(engine, (struct sf_scene){.process = story}, of_process_end);
	memset(sf_behind_process(story), 0, engine->story.process_extra);
	story->ending = SF_LIVES;
	story->is_forked = false;
	story->last_call = story->pending = (struct sf_moment){0};
}

/* ---- reading ---- */

#define BUFFER(array)                                                                                                  \
	{                                                                                                                  \
		(array), sizeof(array), 0                                                                                      \
	}
#define COUNT(kind, array) (buffers[kind].used / sizeof(array)[0])

static void read_extensions(struct sf_engine *engine, const struct sf_seen *seen)
{
	struct sf_extension_buffer buffers[SF_EXTENSION_COUNT] = {
	    [SF_EXTENSION_REST] = {&engine->rest, sizeof engine->rest, 0},
	    [SF_EXTENSION_BEGIN] = {&engine->begin, sizeof engine->begin, 0},
	    [SF_EXTENSION_POLL] = BUFFER(engine->polled),
	    [SF_EXTENSION_EPOLL] = BUFFER(engine->epolled),
	    [SF_EXTENSION_SIGNAL] = BUFFER(engine->dispositions),
	    [SF_EXTENSION_WAIT] = BUFFER(engine->waited),
	    [SF_EXTENSION_GIVEN] = BUFFER(engine->given),
	    [SF_EXTENSION_TEXT] = {engine->text, sizeof engine->text - 1, 0},
	    [SF_EXTENSION_ADDRESS] = {&engine->address, sizeof engine->address, 0},
	};
	struct sf_scene *scene = &engine->scene;

	engine->address = (struct sf_endpoint){0};
	sf_reader_extensions(engine->reader, seen, buffers);
	scene->rest = buffers[SF_EXTENSION_REST].used == sizeof engine->rest ? &engine->rest : NULL;
	scene->begin = buffers[SF_EXTENSION_BEGIN].used == sizeof engine->begin ? &engine->begin : NULL;
	scene->polled = engine->polled;
	scene->polled_count = COUNT(SF_EXTENSION_POLL, engine->polled);
	scene->epolled = engine->epolled;
	scene->epolled_count = COUNT(SF_EXTENSION_EPOLL, engine->epolled);
	scene->dispositions = engine->dispositions;
	scene->disposition_count = COUNT(SF_EXTENSION_SIGNAL, engine->dispositions);
	scene->waited = engine->waited;
	scene->waited_count = COUNT(SF_EXTENSION_WAIT, engine->waited);
	engine->given_count = COUNT(SF_EXTENSION_GIVEN, engine->given);
	engine->text[buffers[SF_EXTENSION_TEXT].used] = '\0';
	scene->text = buffers[SF_EXTENSION_TEXT].used ? engine->text : NULL;
	scene->address = buffers[SF_EXTENSION_ADDRESS].used ? &engine->address : NULL;
}

static void take(struct sf_engine *engine, const struct sf_seen *seen)
{
	struct sf_moment now = sf_story_moment(&engine->story, seen);
	struct sf_told_process *process = sf_story_process(&engine->story, now.process);

	if (now.operation == SF_OPERATION_COUNT && now.event.what == SF_EVENT_LOAD && process && process->is_loaded)
		replace_image(engine, process);
	engine->scene = (struct sf_scene){.now = &now};
	engine->given_count = 0;
	if (now.event.extensions)
		read_extensions(engine, seen);
	sf_story_take(&engine->story, &engine->scene, engine->given, engine->given_count);
	struct sf_scene taken = engine->scene;

	if (now.operation == SF_POLL)
		sf_waits_take(&engine->waits, &engine->story, &taken);
	sf_baseline_count_event(engine, &now);
	show_event(engine);
	sf_story_pass(&engine->story, &taken);
	show_gone_sockets(engine, taken.process, &now);
}

static int by_stamp(const void *left, const void *right)
{
	const struct sf_leaver *a = left, *b = right;

	if (a->stamp != b->stamp)
		return a->stamp < b->stamp ? -1 : 1;
	return a->process < b->process ? -1 : a->process > b->process;
}

static void find_leavers(struct sf_engine *engine)
{
	uint32_t threads = sf_reader_count(engine->reader, SF_THREADS);
	uint32_t processes = engine->story.process_count;
	uint64_t *last = sf_allocate((processes + UINT64_C(1)) * sizeof *last);

	for (uint32_t i = 1; i <= threads; i++) {
		const struct sf_thread *thread = sf_reader_thread(engine->reader, i);
		uint64_t stamp = thread && thread->process <= processes ? sf_reader_last_stamp(engine->reader, i) : 0;

		if (thread && thread->process <= processes && stamp > last[thread->process])
			last[thread->process] = stamp;
	}
	engine->leavers = sf_allocate((processes + UINT64_C(1)) * sizeof *engine->leavers);
	for (uint32_t i = 1; i <= processes; i++)
		if (last[i])
			engine->leavers[engine->leaver_count++] = (struct sf_leaver){last[i], i};
	qsort(engine->leavers, engine->leaver_count, sizeof *engine->leavers, by_stamp);
	free(last);
}

/* Processes all of whose events lie before this stamp, and who said that they end. */
static void end_leavers(struct sf_engine *engine, uint64_t stamp)
{
	for (; engine->next_leaver < engine->leaver_count && engine->leavers[engine->next_leaver].stamp < stamp;
	     engine->next_leaver++) {
		struct sf_told_process *process = engine->story.processes[engine->leavers[engine->next_leaver].process];

		if (process && process->has_exited)
			end_process(engine, process);
	}
}

/* The command saw it end, whatever it said itself. */
static bool was_reaped(const struct sf_engine *engine, uint32_t index)
{
	const struct sf_process *record = sf_reader_process(engine->reader, index);
	uint32_t state = record ? load(record->state) : SF_PROCESS_FREE;

	return state == SF_PROCESS_EXITED || state == SF_PROCESS_SIGNALED;
}

/* Those that have ended, in the order of their last events; then those that live. */
static void end_run(struct sf_engine *engine)
{
	struct sf_story *story = &engine->story;

	for (; engine->next_leaver < engine->leaver_count; engine->next_leaver++) {
		uint32_t index = engine->leavers[engine->next_leaver].process;

		if (story->processes[index] && was_reaped(engine, index))
			end_process(engine, story->processes[index]);
	}
	for (uint32_t i = 1; i <= story->process_count; i++)
		if (story->processes[i])
			end_process(engine, story->processes[i]);
	for (uint32_t i = 1; i <= story->socket_count; i++)
		if (story->sockets[i] && story->sockets[i]->is_known && !story->sockets[i]->is_told)
			show_end(engine, (struct sf_scene){.socket = &story->sockets[i]->story}, of_socket_end);
	story->run.is_over = true;
	show_end(engine, (struct sf_scene){0}, of_run_end);
}

static int by_weight(const void *left, const void *right)
{
	const struct sf_statement *a = left, *b = right;
	enum sf_severity x = sf_findings[a->finding]->severity, y = sf_findings[b->finding]->severity;

	if (x != y)
		return x > y ? -1 : 1;
	if (a->at.seq != b->at.seq)
		return a->at.seq < b->at.seq ? -1 : 1;
	return a->finding < b->finding ? -1 : a->finding > b->finding;
}

/* What the header says of the run. */
static void read_header(struct sf_engine *engine)
{
	const struct sf_arena *arena = sf_reader_arena(engine->reader);
	struct sf_run_story *run = &engine->story.run;
	uint32_t ended = load(arena->ended);

	run->timed_out = ended & SF_OVER_BY_TIMEOUT;
	run->was_asked_to_end = ended & SF_OVER_BY_REQUEST;
	if (ended && arena->clock_last.ns > arena->start_ns)
		run->end_ns = arena->clock_last.ns - arena->start_ns;
	if (!arena->command_at || !sf_reader_holds(engine->reader, arena->command_at, arena->command_length))
		return;
	run->command = (const char *)arena + arena->command_at;
	run->command_length = arena->command_length;
}

static void read_run(struct sf_engine *engine)
{
	struct sf_seen seen;

	read_header(engine);
	while (sf_reader_next(engine->reader, &seen)) {
		end_leavers(engine, seen.event.stamp);
		take(engine, &seen);
	}
	end_run(engine);
}

/* ---- one sentence for each mistake ---- */

static bool names(const char *const *list, const char *word)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static bool is_same_call(const struct sf_moment *a, const struct sf_moment *b)
{
	return a->seq && a->seq == b->seq;
}

/* What happened to a run as a whole is explained by a mistake that has the same cause, be it another injection of the
 * same rule; where no cause is known to either, by any mistake of the program. */
static bool explains(const struct sf_statement *other, const struct sf_statement *one)
{
	const struct sf_finding *kind = sf_findings[other->finding];
	uint16_t rule = one->cause.event.rule;

	if (kind->is_of_whole_run || kind->severity == SF_ADVICE)
		return false;
	return is_same_call(&other->cause, &one->cause) || (rule && other->cause.event.rule == rule) ||
	       (!one->cause.seq && !other->cause.seq);
}

static bool steps_back(const struct sf_judged *judged, const struct sf_statement *one)
{
	const struct sf_finding *finding = sf_findings[one->finding];

	for (size_t i = 0; i < judged->count; i++) {
		const struct sf_statement *other = &judged->list[i];

		if (other == one)
			continue;
		if (finding->is_of_whole_run && explains(other, one))
			return true;
		if (names(finding->behind, sf_finding_words[other->finding]) &&
		    (is_same_call(&other->cause, &one->cause) || is_same_call(&other->at, &one->at)))
			return true;
	}
	return false;
}

static void drop_explained(struct sf_judged *judged)
{
	bool *steps = sf_allocate((judged->count + 1) * sizeof *steps);
	size_t kept = 0;

	for (size_t i = 0; i < judged->count; i++)
		steps[i] = steps_back(judged, &judged->list[i]);
	for (size_t i = 0; i < judged->count; i++)
		if (steps[i])
			free(judged->list[i].says);
		else
			judged->list[kept++] = judged->list[i];
	judged->count = kept;
	free(steps);
}

static struct sf_engine *begin(struct sf_reader *reader)
{
	struct sf_engine *engine = sf_allocate(sizeof *engine);

	sf_reader_rewind(reader);
	engine->reader = reader;
	sf_story_begin(&engine->story, reader);
	find_leavers(engine);
	return engine;
}

static void end(struct sf_engine *engine)
{
	sf_story_end(&engine->story);
	sf_waits_end(&engine->waits);
	free(engine->leavers);
	free(engine->of_run);
	free(engine->sites);
	free(engine->counts);
	free(engine);
}

/* No finding sees it: its calls are counted. */
static void read_baseline(struct sf_engine *engine, struct sf_reader *reader)
{
	struct sf_engine *baseline = begin(reader);

	baseline->counts_room = sf_reader_count(reader, SF_SITES) + 1;
	baseline->counts = sf_allocate(baseline->counts_room * sizeof *baseline->counts);
	baseline->is_baseline = true;
	read_run(baseline);
	sf_baseline_keep(engine, baseline);
	end(baseline);
}

struct sf_judged sf_judge(struct sf_reader *reader, const struct sf_judge_asked *asked)
{
	const struct sf_arena *arena = sf_reader_arena(reader);
	struct sf_engine *engine = begin(reader);

	sf_scene_lay_out(engine);
	if (asked->baseline)
		read_baseline(engine, asked->baseline);
	engine->story.run.has_baseline = asked->baseline != NULL;
	engine->story.run.differs = asked->differs;
	engine->story.run.errors = asked->errors;
	engine->story.run.may_differ_unseen = !asked->compared;
	engine->judged.is_complete = arena->trace_level == SF_TRACE_ALL && !load(arena->events_lost);
	read_run(engine);

	struct sf_judged judged = engine->judged;

	drop_explained(&judged);
	if (judged.count)
		qsort(judged.list, judged.count, sizeof *judged.list, by_weight);
	for (size_t i = 0; i < judged.count; i++)
		judged.of_severity[sf_findings[judged.list[i].finding]->severity]++;
	end(engine);
	return judged;
}

void sf_judged_free(struct sf_judged *judged)
{
	for (size_t i = 0; i < judged->count; i++) {
		free(judged->list[i].says);
		free(judged->list[i].function);
		free(judged->list[i].file);
	}
	free(judged->list);
	*judged = (struct sf_judged){0};
}
