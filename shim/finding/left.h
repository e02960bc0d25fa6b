/* SPDX-License-Identifier: MIT
 *
 * left.h -- what a short send of a stream has left, and with what the program goes on: the part that the three findings
 * on it share. The library has compared the bytes themselves (shim/rest.c), from whatever buffer and in however many
 * pieces they went; here it is said what that means.
 */
#ifndef SF_FINDING_LEFT_H
#define SF_FINDING_LEFT_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/finding.h"

/* Kept for each socket. */
struct sf_left {
	struct sf_moment send; /* the short one; seq 0: nothing is outstanding */
	struct sf_rest rest;
	uint64_t origin;       /* address where the message began, however many sends ago */
	uint64_t origin_first; /* digest of its first bytes */
	bool has_received;     /* since then: what follows may be another message */
};

enum sf_went_on {
	SF_WENT_ON_UNSEEN,    /* nothing can be said of this send */
	SF_WENT_ON_RIGHTLY,   /* with the rest */
	SF_WENT_ON_AGAIN,     /* from the start of the message */
	SF_WENT_ON_MISPLACED, /* in the same message, at another place */
	SF_WENT_ON_OTHERWISE, /* with something else */
};

static inline bool sf_left_is_short(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	return now->operation == SF_SEND && now->end_ns && now->event.ret > 0 && scene->socket &&
	       scene->socket->type == SF_STREAM && scene->rest && scene->rest->length && !(now->event.flags & MSG_OOB);
}

/* The request begins `by` bytes before the rest (behind it, if negative) and ends where it ends. */
static inline int64_t sf_left_shift(const struct sf_left *left, const struct sf_rest *begin)
{
	return (int64_t)(left->rest.address - begin->address);
}

/* The rest's first bytes are these ones too, `by` bytes further on: at least eight of them, and not all the same. */
static inline bool sf_left_overlaps(const struct sf_rest *early, const struct sf_rest *late, uint64_t by)
{
	uint64_t common = early->first_length > by ? early->first_length - by : 0;

	if (common > late->first_length)
		common = late->first_length;
	return common >= 8 && memcmp(early->first + by, late->first, common) == 0 &&
	       memcmp(late->first, late->first + 1, common - 1) != 0;
}

/* Another place of the same message: it ends where the message ends, in the same buffer or with the same bytes, or it
 * has the rest's length. A buffer that is used again for the next message is used from its start. */
static inline bool sf_left_is_misplaced(const struct sf_left *left, const struct sf_rest *begin)
{
	int64_t shift = sf_left_shift(left, begin), longer = (int64_t)(begin->length - left->rest.length);
	bool is_known = begin->address && left->rest.address;

	if (left->has_received || (is_known && begin->address == left->origin))
		return false;
	if (is_known && shift && shift == longer)
		return true;
	if (is_known && shift && !longer && begin->address > left->origin &&
	    begin->address < left->rest.address + left->rest.length)
		return true;
	if (longer > 0)
		return sf_left_overlaps(begin, &left->rest, (uint64_t)longer);
	return longer < 0 && sf_left_overlaps(&left->rest, begin, (uint64_t)-longer);
}

/* What this send, which is not the short one itself, has to do with what that left. */
static inline enum sf_went_on sf_left_went_on(const struct sf_left *left, const struct sf_scene *scene)
{
	const struct sf_rest *begin = scene->begin;

	/* Who sends from two threads has an order of its own, or none. */
	if (!begin || scene->now->thread != left->send.thread || scene->now->event.flags & MSG_OOB)
		return SF_WENT_ON_UNSEEN;
	switch (begin->follows) {
	case SF_FOLLOWS_ON:
		return SF_WENT_ON_RIGHTLY;
	case SF_FOLLOWS_AGAIN:
		return left->has_received ? SF_WENT_ON_OTHERWISE : SF_WENT_ON_AGAIN;
	case SF_FOLLOWS_OTHER:
		if (sf_left_is_misplaced(left, begin))
			return SF_WENT_ON_MISPLACED;
		return !left->has_received && begin->first_digest == left->origin_first ? SF_WENT_ON_AGAIN
		                                                                        : SF_WENT_ON_OTHERWISE;
	default:
		return begin->address && begin->address == left->rest.address ? SF_WENT_ON_RIGHTLY : SF_WENT_ON_UNSEEN;
	}
}

/* To be called for each send and recv, after what was said of it. */
static inline void sf_left_note(struct sf_left *left, const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	bool goes_on = left->send.seq && sf_left_went_on(left, scene) == SF_WENT_ON_RIGHTLY;

	if (now->operation == SF_RECV && now->event.ret > 0)
		left->has_received = true;
	if (now->operation != SF_SEND || now->event.flags & MSG_OOB)
		return;
	if (!sf_left_is_short(scene)) {
		if (now->end_ns && (!scene->begin || scene->begin->follows != SF_FOLLOWS_UNKNOWN))
			left->send.seq = 0;
		return;
	}
	if (!goes_on) {
		left->origin = scene->begin ? scene->begin->address : 0;
		left->origin_first = scene->begin ? scene->begin->first_digest : 0;
	}
	left->send = *now;
	left->rest = *scene->rest;
	left->has_received = false;
}

#endif
