/* SPDX-License-Identifier: MIT
 *
 * scene.c -- what findings ask, and what they say (core/finding.h, scene.h). Their memory lies behind the stories, at
 * an offset for each finding. Of a fault-free run the calls of each site are counted, for a comparison.
 */
#include "cli/scene.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* ---- memory of the findings ---- */

static size_t rounded(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

void sf_scene_lay_out(struct sf_engine *engine)
{
	struct sf_layout *layout = &engine->layout;

	for (int i = 0; i < SF_FINDING_COUNT; i++) {
		const struct sf_finding *finding = sf_findings[i];

		layout->socket[i + 1] = layout->socket[i] + rounded(finding->per_socket);
		layout->process[i + 1] = layout->process[i] + rounded(finding->per_process);
		layout->thread[i + 1] = layout->thread[i] + rounded(finding->per_thread);
		layout->run[i + 1] = layout->run[i] + rounded(finding->per_run);
		for (int operation = 0; finding->see && operation <= SF_OPERATION_COUNT; operation++)
			if (!finding->sees || finding->sees & SF_BIT(operation))
				engine->wanted[operation][engine->wanted_count[operation]++] = (uint8_t)i;
	}
	engine->story.socket_extra = layout->socket[SF_FINDING_COUNT];
	engine->story.process_extra = layout->process[SF_FINDING_COUNT];
	engine->story.thread_extra = layout->thread[SF_FINDING_COUNT];
	engine->of_run = sf_allocate(layout->run[SF_FINDING_COUNT] + 1);
}

/* The stories are the first members of what they are told in. */
void *sf_behind_socket(struct sf_socket_story *story)
{
	return story ? (char *)story + sizeof(struct sf_told_socket) : NULL;
}

void *sf_behind_process(struct sf_process_story *story)
{
	return story ? (char *)story + sizeof(struct sf_told_process) : NULL;
}

static void *at(void *memory, const size_t *offsets, int finding)
{
	return memory && offsets[finding + 1] > offsets[finding] ? (char *)memory + offsets[finding] : NULL;
}

/* Sets what belongs to this finding alone. */
void sf_scene_enter(struct sf_engine *engine, int finding, void *socket, void *process, void *thread)
{
	const struct sf_layout *layout = &engine->layout;

	engine->finding = finding;
	engine->scene.of_socket = at(socket, layout->socket, finding);
	engine->scene.of_process = at(process, layout->process, finding);
	engine->scene.of_thread = at(thread, layout->thread, finding);
	engine->scene.of_run = at(engine->of_run, layout->run, finding);
}

/* ---- what findings ask ---- */

static struct sf_engine *engine_of(struct sf_scene *scene)
{
	return (struct sf_engine *)scene;
}

struct sf_socket_story *sf_scene_socket(struct sf_scene *scene, uint32_t index, int fd)
{
	struct sf_told_process *process = sf_story_process(&engine_of(scene)->story, index);

	return process ? sf_scene_socket_at(scene, sf_story_descriptor(process, fd)) : NULL;
}

void *sf_scene_of_socket(struct sf_scene *scene, uint32_t index)
{
	struct sf_engine *engine = engine_of(scene);

	return at(sf_behind_socket(sf_scene_socket_at(scene, index)), engine->layout.socket, engine->finding);
}

void *sf_scene_of_process(struct sf_scene *scene, uint32_t index)
{
	struct sf_engine *engine = engine_of(scene);

	return at(sf_behind_process(sf_scene_process_at(scene, index)), engine->layout.process, engine->finding);
}

const struct sf_watched *sf_scene_watched(struct sf_scene *scene, size_t *count, bool *is_whole)
{
	struct sf_engine *engine = engine_of(scene);

	sf_waits_answer(&engine->waits, &engine->story, scene);
	*count = engine->waits.watched_count;
	*is_whole = engine->waits.is_whole;
	return engine->waits.watched;
}

bool sf_scene_watched_rests(struct sf_scene *scene)
{
	sf_waits_answer(&engine_of(scene)->waits, &engine_of(scene)->story, scene);
	return engine_of(scene)->waits.has_rests;
}

uint32_t sf_scene_socket_count(const struct sf_scene *scene)
{
	return ((const struct sf_engine *)scene)->story.socket_count;
}

struct sf_socket_story *sf_scene_socket_at(struct sf_scene *scene, uint32_t index)
{
	struct sf_story *story = &engine_of(scene)->story;
	struct sf_told_socket *socket = index && index <= story->socket_count ? story->sockets[index] : NULL;

	return socket && socket->is_known ? &socket->story : NULL;
}

uint32_t sf_scene_process_count(const struct sf_scene *scene)
{
	return ((const struct sf_engine *)scene)->story.process_count;
}

struct sf_process_story *sf_scene_process_at(struct sf_scene *scene, uint32_t index)
{
	struct sf_story *story = &engine_of(scene)->story;

	return index && index <= story->process_count && story->processes[index] ? &story->processes[index]->story : NULL;
}

/* ---- the baseline ---- */

struct sf_known_site {
	uint64_t object; /* hash of its path */
	uint64_t offset;
	struct sf_baseline_site known;
};

static int by_place(const void *left, const void *right)
{
	const struct sf_known_site *a = left, *b = right;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Object and offset of a site; false: not known. */
static bool place_of(const struct sf_reader *reader, uint32_t index, struct sf_known_site *place)
{
	const struct sf_site *site = sf_reader_site(reader, index);
	const struct sf_object *object = site ? sf_reader_object(reader, site->object) : NULL;

	if (!object)
		return false;
	*place = (struct sf_known_site){
	    .object = sf_digest(object->path, strnlen(object->path, sizeof object->path)), .offset = site->offset};
	return true;
}

struct sf_baseline_site *sf_baseline_count(struct sf_engine *engine, const struct sf_moment *moment)
{
	return engine->counts && moment->event.site < engine->counts_room ? &engine->counts[moment->event.site] : NULL;
}

void sf_baseline_count_event(struct sf_engine *engine, const struct sf_moment *now)
{
	struct sf_baseline_site *count = sf_baseline_count(engine, now);
	bool moves = now->operation == SF_SEND || now->operation == SF_RECV;

	if (!count || now->operation == SF_OPERATION_COUNT)
		return;
	count->calls++;
	count->sockets_made += now->event.made != 0 || now->event.what == SF_FUNC_socketpair;
	count->bytes += moves && now->event.ret > 0 ? (uint64_t)now->event.ret : 0;
}

/* By places, each once: what the two runs have in common. */
void sf_baseline_keep(struct sf_engine *engine, struct sf_engine *baseline)
{
	engine->sites = sf_allocate((baseline->counts_room + UINT64_C(1)) * sizeof *engine->sites);
	for (uint32_t i = 1; i < baseline->counts_room; i++) {
		struct sf_known_site *site = &engine->sites[engine->site_count];

		if (!baseline->counts[i].calls || !place_of(baseline->reader, i, site))
			continue;
		site->known = baseline->counts[i];
		engine->site_count++;
	}
	qsort(engine->sites, engine->site_count, sizeof *engine->sites, by_place);
}

bool sf_scene_baseline(struct sf_scene *scene, uint32_t site, struct sf_baseline_site *known)
{
	struct sf_engine *engine = engine_of(scene);
	struct sf_known_site wanted;

	if (!engine->site_count || !place_of(engine->reader, site, &wanted))
		return false;
	const struct sf_known_site *found = bsearch(&wanted, engine->sites, engine->site_count, sizeof wanted, by_place);

	if (found)
		*known = found->known;
	return found != NULL;
}

/* ---- what findings say ---- */

static bool is_fake(const struct sf_moment *moment)
{
	return moment && moment->seq && moment->event.realism == SF_FAKE;
}

static bool is_evidence(
    struct sf_engine *engine, const struct sf_moment *about, const struct sf_moment *cause,
    const struct sf_moment *evidence)
{
	const struct sf_socket_story *socket = sf_scene_socket_at(&engine->scene, about->event.socket);

	return !is_fake(about) && !is_fake(cause) && !is_fake(evidence) && !(socket && socket->is_faked);
}

static struct sf_statement *same_statement(struct sf_engine *engine, const struct sf_moment *about)
{
	for (size_t i = engine->judged.count; i-- > 0;) {
		struct sf_statement *statement = &engine->judged.list[i];

		if ((int)statement->finding == engine->finding && statement->at.event.site == about->event.site &&
		    statement->at.event.stack == about->event.stack)
			return statement;
	}
	return NULL;
}

static struct sf_statement *new_statement(struct sf_engine *engine)
{
	struct sf_judged *judged = &engine->judged;

	if (judged->count == engine->room) {
		engine->room = engine->room ? engine->room * 2 : 16;
		judged->list = realloc(judged->list, engine->room * sizeof *judged->list);
		if (!judged->list)
			sf_die("out of memory");
	}
	judged->list[judged->count] = (struct sf_statement){.finding = (enum sf_finding_name)engine->finding, .times = 1};
	return &judged->list[judged->count++];
}

static void name_program(struct sf_engine *engine, struct sf_statement *statement)
{
	const struct sf_process *process = sf_reader_process(engine->reader, statement->at.process);

	if (process)
		memcpy(statement->program, process->program, sizeof process->program);
	sf_reader_place(engine->reader, statement->at.event.site, statement->place, sizeof statement->place);
}

void sf_say(
    struct sf_scene *scene, const struct sf_moment *about, const struct sf_moment *cause,
    const struct sf_moment *evidence, const char *format, ...)
{
	struct sf_engine *engine = engine_of(scene);
	struct sf_statement *statement;
	va_list list;

	if (!is_evidence(engine, about, cause, evidence))
		return;
	statement = same_statement(engine, about);
	if (statement) {
		statement->times++;
		return;
	}
	statement = new_statement(engine);
	statement->at = *about;
	statement->cause = cause ? *cause : (struct sf_moment){0};
	statement->evidence = evidence ? *evidence : (struct sf_moment){0};
	name_program(engine, statement);
	va_start(list, format);
	if (vasprintf(&statement->says, format, list) < 0)
		sf_die("out of memory");
	va_end(list);
}
