/* SPDX-License-Identifier: MIT
 *
 * test_engine.c -- what cli/engine.h promises, and the findings that stand on the story alone, on runs told by hand
 * (told.h).
 */
#include <string.h>

#include "core/finding.h"
#include "told.h"
#include "unit.h"

static void send_after_shutdown(void **state)
{
	expect(&(struct told){
	    .finding = "send-after-shutdown",
	    .story = {"socketpair = 3 4", "shutdown 3 = 0 how=WR", "send 3 10 = -1 EPIPE", "close 3 = 0"},
	    .said = {3},
	    .says = "of 10 bytes"});
	expect(&(struct told){
	    .finding = "send-after-shutdown",
	    .story = {"socketpair = 3 4", "shutdown 3 = 0 how=RD", "send 3 10 = -1 EPIPE", "close 3 = 0"}});
	/* Another thread was in it before. */
	expect(&(struct told){
	    .finding = "send-after-shutdown",
	    .story = {
	        "socketpair = 3 4", "thread = 2", "shutdown 3 = 0 how=WR at=10 took=5", "2: send 3 10 = -1 EPIPE at=12"}});
	(void)state;
}

static void killed_by_sigpipe(void **state)
{
	expect(&(struct told){
	    .finding = "killed-by-sigpipe",
	    .story = {"socketpair = 3 4", "close 4 = 0", "send 3 10", "killed SIGPIPE"},
	    .said = {3}});
	expect(&(struct told){
	    .finding = "killed-by-sigpipe", .story = {"socketpair = 3 4", "send 3 10 = 10", "killed SIGPIPE"}});
	(void)state;
}

static bool steps_back(const struct sf_finding *finding, size_t other)
{
	for (const char *const *name = finding->behind; name && *name; name++)
		if (!strcmp(*name, sf_finding_words[other]))
			return true;
	return false;
}

/* Of two that step back behind each other neither would be said. */
static void no_two_step_back_behind_each_other(void **state)
{
	for (size_t i = 0; i < SF_FINDING_COUNT; i++)
		for (size_t j = 0; j <= i; j++)
			if (steps_back(sf_findings[i], j) && steps_back(sf_findings[j], i))
				fail_msg("%s and %s", sf_finding_words[i], sf_finding_words[j]);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOLDS(send_after_shutdown),
	    HOLDS(killed_by_sigpipe),
	    HOLDS(no_two_step_back_behind_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
