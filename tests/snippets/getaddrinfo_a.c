/* SPDX-License-Identifier: MIT
 *
 * getaddrinfo_a.c -- getaddrinfo_a of several names at once, waiting and not, and what each of them came to.
 */
#include "snippet.h"
#include <netdb.h>

static struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
static struct gaicb requests[3];

static void prepare(struct gaicb *list[4])
{
	static const char *const names[3] = {"127.0.0.1", "localhost", "::1"};

	for (int i = 0; i < 3; i++) {
		requests[i] = (struct gaicb){.ar_name = names[i], .ar_service = "80", .ar_request = &hints};
		list[i] = &requests[i];
	}
	list[3] = NULL;
}

static void say_results(void)
{
	for (int i = 0; i < 3; i++) {
		say("%s: %d", requests[i].ar_name, gai_error(&requests[i]));
		if (requests[i].ar_result)
			freeaddrinfo(requests[i].ar_result);
	}
}

int snippet(void)
{
	struct gaicb *list[4];
	struct sigevent nobody = {.sigev_notify = SIGEV_NONE};

	prepare(list);
	SAY(getaddrinfo_a(GAI_WAIT, list, 4, NULL));
	say_results();
	prepare(list);
	SAY(getaddrinfo_a(GAI_NOWAIT, list, 4, &nobody));
	for (int i = 0; i < 3; i++)
		while (gai_error(list[i]) == EAI_INPROGRESS) {
			const struct gaicb *one[1] = {list[i]};

			gai_suspend(one, 1, NULL);
		}
	say_results();
	SAY(getaddrinfo_a(77, list, 4, NULL));
	SAY(getaddrinfo_a(GAI_WAIT, list, 0, NULL));
	return 0;
}
