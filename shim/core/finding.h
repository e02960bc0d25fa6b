/* SPDX-License-Identifier: MIT
 *
 * finding.h -- what a program did wrong: the contract of the files in finding/. The folder is the registry: the build
 * lists finding/<name>.c into findings.def, so the word of the language, the file and the heading in the man page are
 * one (with dashes for underscores).
 *
 * A finding sees the events of a run in their order, each with what is known of its socket, descriptor and process at
 * that moment (struct sf_scene), keeps what it must in memory that the engine has zeroed for it, and speaks by
 * sf_say(). It does no input or output and knows no trace file, so each is tested on events made by hand. The engine
 * (cli/engine.c) builds the scene; what several findings need to know belongs there.
 *
 * A right program never gets one: when in doubt a finding says nothing. Each file says at its head when it could be
 * wrong, and what it does about that. What `fake` did is evidence of nothing: the engine drops such statements.
 */
#ifndef SF_CORE_FINDING_H
#define SF_CORE_FINDING_H

#include "core/arena.h"
#include "core/operation.h"

enum sf_severity {
	SF_ADVICE,  /* a better way exists */
	SF_WARNING, /* works by luck */
	SF_ERROR,   /* data is lost or wrong, POSIX is broken, the program dies, hangs or spins */
	SF_SEVERITY_COUNT
};

extern const char *const sf_severity_words[SF_SEVERITY_COUNT];

enum sf_finding_name {
#define SF_FINDING(name) SF_FINDING_##name,
#include "findings.def"
#undef SF_FINDING
	SF_FINDING_COUNT
};

/* One call or lifecycle event, kept by value: what a statement can be about later. */
struct sf_moment {
	uint64_t seq;                /* 0: none */
	uint64_t time_ns, end_ns;    /* of entry and return, since the run began; end_ns 0: it never returned */
	struct sf_event event;       /* what, fd, asked, ret, error, flags, mode, site, stack, rule, fault, realism ... */
	uint32_t process, thread;    /* indices */
	enum sf_operation operation; /* SF_OPERATION_COUNT: a lifecycle event */
	uint32_t page, slot;         /* where the trace has it: the engine's */
};

/* How a process ended. */
enum sf_ending { SF_LIVES, SF_EXITED, SF_SIGNALED, SF_REPLACED /* by exec */ };

struct sf_process_story {
	uint32_t index, parent;
	enum sf_ending ending; /* as of this moment of the story */
	int status;            /* exit status or signal */
	bool status_is_known;
	bool is_target;             /* the COMMAND of the run */
	bool is_forked;             /* a copy of its parent, which has not executed another program since */
	uint32_t descriptors;       /* sockets open in it */
	struct sf_moment last_call; /* the last call it made before this event */
	struct sf_moment pending;   /* at the end of the run: the call that never returned */
	uint64_t busy_ns;           /* that it ran or wanted to when the run's time was up; 0: not known */
};

/* One open socket description, whoever holds it. */
struct sf_socket_story {
	uint32_t index; /* of struct sf_socket; as event.socket */
	uint8_t family, type, side;
	bool nonblocking; /* as of this moment */
	bool is_listening, is_connected;
	bool is_faked;                         /* a `fake` rule acted on it */
	bool shut_read, shut_write;            /* by the program */
	bool is_silent;                        /* when the run was over, a rule held it back */
	uint32_t holders;                      /* descriptors that name it, in all processes */
	uint64_t sent, received;               /* bytes that calls have moved so far */
	struct sf_moment made;                 /* socket, socketpair, accept, or the first event where it came otherwise */
	struct sf_moment connect;              /* the last connect */
	struct sf_moment fault;                /* the last call into which a rule injected something */
	struct sf_moment error;                /* the first terminal error that a call reported (or SO_ERROR), */
	struct sf_moment ended;                /* the first recv that said 0 */
	struct sf_moment last;                 /* the last call on it before this one */
	struct sf_moment last_send, last_recv; /* before this one too; all else includes it */
	uint32_t epoll_events;                 /* as registered last; 0: not registered */
	struct sf_endpoint local, peer;        /* as the run knew them last */
};

/* What is not as in the fault-free run, to whoever compared (--differs). */
enum sf_differs {
	SF_DIFFERS_NOTHING,
	SF_DIFFERS_OUTPUT, /* of the program, or its status */
	SF_DIFFERS_CLIENT, /* what its client was given */
	SF_DIFFERS_PEER,   /* what its peer received */
};

/* The whole run. */
struct sf_run_story {
	bool is_over;          /* all events have been seen: `finish` is being called */
	bool timed_out;        /* ended by --timeout */
	bool was_asked_to_end; /* a server, after its client */
	bool has_baseline;
	bool may_differ_unseen; /* nobody compared */
	enum sf_differs differs;
	int status;             /* of the target as wait(2) has it; -1: not known */
	struct sf_moment fault; /* the first injection of the run */
	uint64_t end_ns;        /* when it was over; 0: it goes on */
	const char *errors;     /* what the target wrote on its standard error, ended by NUL; NULL: nobody told */
	const char *command;    /* the words of its command, a NUL behind each, as typed; NULL: not known */
	size_t command_length;
};

struct sf_scene;

/* Of sf_finding.sees: load, fork, exec, exit, signals, threads. */
#define SF_SEES_LIFE SF_BIT(SF_OPERATION_COUNT)

struct sf_finding {
	enum sf_severity severity;
	const char *help;          /* one line: "a short send whose rest is never sent" */
	const char *hint;          /* what to do, one or two sentences */
	const char *source;        /* "send(2), RETURN VALUE; POSIX.1-2017 send()" */
	const char *explain;       /* paragraphs: what it is, how it shows, when it is not said */
	const char *wrong;         /* a whole C file that compiles with -Wall -Wextra: the mistake */
	const char *right;         /* and how it is done */
	const char *rule;          /* under which `wrong` shows it and `right` does not; NULL: it needs none */
	const char *peer;          /* shell command with {port}, which both then get as argv[1]; NULL: they need nobody */
	const char *arguments;     /* that both are started with; NULL: none */
	uint32_t sees;             /* SF_BIT(operation) of the calls that `see` wants, SF_SEES_LIFE; 0: every event */
	bool is_of_whole_run;      /* how the run came out: not said where another finding says why (the same cause) */
	const char *const *behind; /* names, ended by NULL, of findings that say more of the same cause or call: then this
	                            * one is not said */
	/* Bytes of state that the engine keeps zeroed for each; 0: none. */
	size_t per_socket, per_process, per_thread, per_run;

	/* Each event, in order, after the stories have taken it in. Never NULL in one whose `finish` is NULL. */
	void (*see)(struct sf_scene *scene);
	/* For each socket when its last descriptor has gone: `now` is the close, or NULL where `process` ended. Of those
	 * that somebody still has, at the end of the run. */
	void (*socket_ends)(struct sf_scene *scene);
	/* For each process when it ends, or at the end of the run: by `ending` SF_LIVES. */
	void (*process_ends)(struct sf_scene *scene);
	/* Once, behind all. */
	void (*finish)(struct sf_scene *scene);
};

extern const struct sf_finding *const sf_findings[SF_FINDING_COUNT];
extern const char *const sf_finding_words[SF_FINDING_COUNT]; /* with dashes */
int sf_finding_find(const char *word, size_t length);        /* -1: none */

#define SF_FINDING(name) extern const struct sf_finding sf_finding_##name;
#include "findings.def"
#undef SF_FINDING

/* What is to be seen now. Pointers hold until the function returns; NULL where there is none. */
struct sf_scene {
	const struct sf_moment *now; /* the event; NULL in the functions called at the ends of processes and of the run */
	struct sf_socket_story *socket; /* that it is about */
	struct sf_process_story *process;
	struct sf_run_story *run;
	/* what belongs to the event */
	const struct sf_rest *rest;  /* SF_EXTENSION_REST */
	const struct sf_rest *begin; /* SF_EXTENSION_BEGIN */
	const struct sf_polled *polled;
	size_t polled_count;
	const struct sf_epolled *epolled;
	size_t epolled_count;
	const struct sf_disposition *dispositions;
	size_t disposition_count;
	const struct sf_waited *waited;
	size_t waited_count;
	const char *text;                  /* of lifecycle events and look-ups; NUL-terminated */
	const struct sf_endpoint *address; /* where a datagram went to or came from */
	/* this finding's memory, for the event's socket, process, thread, and the run */
	void *of_socket, *of_process, *of_thread, *of_run;
};

/* Who has descriptor fd in this process now; NULL: no socket. */
struct sf_socket_story *sf_scene_socket(struct sf_scene *scene, uint32_t process, int fd);
/* This finding's memory for another socket, another process. */
void *sf_scene_of_socket(struct sf_scene *scene, uint32_t socket);
void *sf_scene_of_process(struct sf_scene *scene, uint32_t process);
/* What a wait (poll, select or epoll_wait, in `now`) watches, and what it was told: nothing where it never returned,
 * failed or timed out. `is_whole`: all that it watches is there. Holds until the function returns. */
struct sf_watched {
	int32_t fd;
	uint32_t socket;          /* 0: no socket */
	uint16_t events, revents; /* POLL bits */
};
const struct sf_watched *sf_scene_watched(struct sf_scene *scene, size_t *count, bool *is_whole);
/* Of the same wait: is all there that a short send has left something on? So it is where all is, and in a poll of many.
 */
bool sf_scene_watched_rests(struct sf_scene *scene);
/* All sockets that were seen: from 1 up to the count; NULL where the index was never used. */
uint32_t sf_scene_socket_count(const struct sf_scene *scene);
struct sf_socket_story *sf_scene_socket_at(struct sf_scene *scene, uint32_t index);
uint32_t sf_scene_process_count(const struct sf_scene *scene);
struct sf_process_story *sf_scene_process_at(struct sf_scene *scene, uint32_t index);

/* Of the fault-free run, by call site (the same place of the same object, whatever its index there): how often it was
 * reached, and how many of the sockets made there were left open at the end. False: there is no baseline, or it was
 * never there. */
struct sf_baseline_site {
	uint64_t calls;
	uint64_t sockets_made, sockets_left;
	uint64_t bytes;
};
bool sf_scene_baseline(struct sf_scene *scene, uint32_t site, struct sf_baseline_site *known);

/* "The program did this": about the call `at`, whose site and stack are the finding's; `cause` is the injection or the
 * event that brought it about (may be the same; a moment without seq: none), `evidence` a further event or NULL. The
 * sentence has the figures of this run. Said again for the same finding, site and stack it is counted, not repeated. */
void sf_say(
    struct sf_scene *scene, const struct sf_moment *at, const struct sf_moment *cause, const struct sf_moment *evidence,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Words for sentences: "send()", "recv()" as the program called it; "ECONNRESET". */
const char *sf_moment_function(const struct sf_moment *moment);
const char *sf_moment_error(const struct sf_moment *moment);
static inline const char *sf_bytes(uint64_t count)
{
	return count == 1 ? "byte" : "bytes";
}

/* Is this event a call of data that failed for good: the connection is over? (ECONNRESET, EPIPE, ETIMEDOUT ...) */
bool sf_is_terminal(const struct sf_moment *moment);
/* Was a rule's injection applied to it? */
static inline bool sf_is_injected(const struct sf_moment *moment)
{
	return moment->event.fault != 0;
}

#endif
