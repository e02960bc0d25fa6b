/* SPDX-License-Identifier: MIT
 *
 * layout.h -- what lies in the arena, and who writes it. Offsets are part of the version: a change here is a new one.
 * arena.h has the functions.
 */
#ifndef SF_CORE_LAYOUT_H
#define SF_CORE_LAYOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rule.h"

#define SF_ARENA_MAGIC "sockflt"
#define SF_ARENA_VERSION 9
#define SF_PAGE_SIZE UINT64_C(65536)
#define SF_ARENA_SIZE_DEFAULT (UINT64_C(8) << 30)
#define SF_ARENA_SIZE_MIN (UINT64_C(2) << 20)

/* sf_arena.watch[operation]: why a call may not pass at once. Zero: it passes. */
enum {
	SF_WATCH_TRACE = 2, /* all calls on sockets are recorded */
	SF_WATCH_MEND = 4,  /* some socket has an after-state that the kernel alone would not show */
	SF_WATCH_HOLDS = 8, /* of SF_POLL: rules may hold sockets back while a thread waits for them */
	SF_WATCH_ENDS = 16, /* of SF_POLL: rules may end connections while a thread waits for them */
	SF_WATCH_MORE = 32, /* what is recorded needs more than its fields: a stack, or a clock for the stamp */
	SF_WATCH_LOOK = 64  /* of a process (sf_watch): who is calling has to be found out */
};
/* Rules meet this operation. Then the highest byte is the generation of the rules: the word is laid out like an entry
 * of fdtab.h, so that one comparison tells whether they meet a descriptor. */
#define SF_WATCH_RULES (UINT64_C(1) << 48)
#define SF_GENERATION_SHIFT 56

enum sf_trace_level { SF_TRACE_OFF, SF_TRACE_FAULTS, SF_TRACE_ALL };
extern const char *const sf_trace_words[3];

/* A growing table of records of one size. count: indices given, 1..count. pages[i]: page number, 0 for none yet. */
struct sf_table {
	_Atomic uint32_t count;
	uint32_t record_size;
	uint32_t per_page;
	uint32_t directory_size;
	_Atomic uint32_t lost; /* records that found no page */
	uint32_t reserved;
	uint64_t directory_at; /* offset of uint32_t[directory_size] in the header */
};

enum sf_table_name { SF_PROCESSES, SF_THREADS, SF_SOCKETS, SF_SITES, SF_OBJECTS, SF_TABLE_COUNT };

#define SF_DIRECTORY_PROCESSES 2048
#define SF_DIRECTORY_THREADS 2048
#define SF_DIRECTORY_SOCKETS 8192
#define SF_DIRECTORY_SITES 256
#define SF_DIRECTORY_OBJECTS 64
#define SF_DIRECTORY_ALL                                                                                               \
	(SF_DIRECTORY_PROCESSES + SF_DIRECTORY_THREADS + SF_DIRECTORY_SOCKETS + SF_DIRECTORY_SITES + SF_DIRECTORY_OBJECTS)

/* One cache line a rule; written by every process of the run. */
struct sf_counter {
	/* calls that met all conditions but nth, times and chance: the run-wide ordinal. Those that a group has let through
	 * come on top: sf_arena_seen() */
	_Atomic uint64_t seen;
	_Atomic uint64_t fired;
	_Atomic uint64_t not_applicable; /* would have fired, but neither Linux nor POSIX could */
	_Atomic uint64_t shadowed;       /* met, but an earlier rule had decided the call */
	_Atomic uint64_t conns; /* connections that met peer, local, family, type, side, program: what conn= counts */
	_Atomic uint64_t without_effect; /* fired, and taken back: the call moved no more than it was left */
	_Atomic uint64_t groups;         /* a bit for each group of core/respite.h that counts for it */
	uint64_t reserved;
};

/* Counters of one rule within one connection, process or thread. They stand in a row, behind one whose `seen` is the
 * page of the ruleset that they belong to. */
struct sf_scope_counter {
	_Atomic uint32_t seen, fired;
	_Atomic uint64_t missed; /* of chance= on a connection: it hits no ordinal from the upper half to below the lower */
};

/* How a run came to its end. */
enum {
	SF_OVER = 1,
	SF_OVER_BY_TIMEOUT = 2, /* by --timeout */
	SF_OVER_BY_REQUEST = 4, /* a server, after its client */
};

/* A pair of readings of both clocks, taken together. */
struct sf_clock_pair {
	uint64_t ticks, ns;
};

struct sf_arena {
	/* written once, by the creator */
	char magic[8];
	uint32_t version;
	uint32_t header_size;
	uint64_t size;           /* bytes that the file may grow to */
	uint64_t created_ns;     /* CLOCK_REALTIME */
	uint64_t start_ns;       /* CLOCK_MONOTONIC at the start of the run: zero of time= and of time_ns */
	uint32_t stamps_are_ns;  /* no steady tick counter on this machine */
	uint32_t command_pid;    /* 0: no command, preloaded by hand */
	uint8_t realism;         /* SF_KERNEL: kernel only; SF_POSIX: both */
	uint8_t trace_level;     /* enum sf_trace_level */
	uint8_t keep_data;       /* first bytes of rests are kept */
	uint8_t stacks;          /* stacks of all calls, not only of faults */
	uint32_t command_length; /* of the text at command_at */
	uint64_t command_at;     /* the command line as typed, NUL between the words */

	/* read by every call: its own cache line; written by the command (ctl) and by faults with an after-state */
	_Alignas(64) _Atomic uint64_t watch[16];
	_Atomic uint32_t generation; /* another set of rules: what was settled per descriptor is stale */
	_Atomic uint32_t paused;
	_Atomic uint64_t ruleset_at;  /* struct sf_ruleset */
	_Atomic uint64_t counters_at; /* struct sf_counter[ruleset.count] */
	uint64_t unnamed;             /* 1: made by hand without a name of its own: the last process to leave removes it */
	_Atomic uint32_t held;        /* 1: the target is not to begin yet, and waits before its main; a futex word */
	_Atomic uint16_t rule_count;  /* of the current set, which may lie out of a process's reach */
	uint16_t reserved_rules;
	uint64_t reserved_watch[3];

	/* written by all */
	_Alignas(64) _Atomic uint32_t pages_used;
	_Atomic uint32_t conn_count; /* numbers of connections given */
	_Atomic uint64_t events_lost;
	_Atomic uint32_t process_count; /* numbers of processes given: 1 is COMMAND */
	_Atomic uint32_t loaded;        /* processes into which the library was loaded */
	_Atomic uint32_t orphans;
	_Atomic uint32_t io_uring;  /* io_uring_setup calls seen through syscall() */
	_Atomic uint64_t heap_at;   /* next free byte of the heap page in use */
	_Atomic uint32_t heap_lock; /* held for a page hand-out only; tried, never waited for */

	/* written by the one that grows the file */
	_Alignas(64) _Atomic uint32_t pages_ready;
	_Atomic uint32_t ended;                       /* SF_OVER bits; 0: the run goes on */
	struct sf_clock_pair clock_first, clock_last; /* stamps to ns: a straight line through the two */

	_Alignas(64) struct sf_table tables[SF_TABLE_COUNT];
	_Atomic uint32_t directories[SF_DIRECTORY_ALL];
};

/* ---- records ---- */

enum sf_process_state {
	SF_PROCESS_FREE,
	SF_PROCESS_AWAITED, /* spawned or about to exec: its load event is expected */
	SF_PROCESS_LOADED,
	SF_PROCESS_EXITED,   /* left by exit(3) or _exit(2), status known; or reaped by the command */
	SF_PROCESS_SIGNALED, /* reaped by the command: a signal ended it */
};

struct sf_process {
	_Atomic uint32_t state; /* enum sf_process_state */
	uint32_t pid;
	uint32_t parent;     /* index, 0 for COMMAND */
	uint32_t number;     /* process=: 1 is COMMAND */
	uint64_t start_time; /* field 22 of /proc/PID/stat, 0 if it was not asked */
	uint64_t lineage_hash;
	char lineage[48];       /* "1", "1/2", "1.3/1" */
	char program[64];       /* basename of the executable */
	_Atomic uint32_t forks; /* children by spawn, system and popen, which no thread claims */
	_Atomic uint32_t execs;
	_Atomic uint32_t sandboxed; /* a seccomp filter was installed: no system calls of ours any more */
	_Atomic uint32_t slots_lock;
	_Atomic uint64_t slots_at; /* struct sf_scope_counter[1 + ruleset.scope_slots] */
	int32_t exit_status;       /* exit code or signal */
	uint32_t busy_ms;          /* that it ran or wanted to, by the command when the time was up; 0: not known */
	_Atomic uint64_t last_stamp;
	char exec_path[128]; /* what it was about to execute (state AWAITED), cut to fit */
};

struct sf_thread {
	uint32_t tid;
	uint32_t process; /* index */
	uint64_t lineage_hash;
	char lineage[48];                           /* "1.1", "1.3", "1/2.1": process "." thread */
	_Atomic uint32_t threads;                   /* threads it created */
	_Atomic uint32_t forks;                     /* children it forked */
	_Atomic uint32_t conns;                     /* connections it made */
	_Atomic uint32_t first_page;                /* of its events; the pages are chained by sf_event_page.next */
	_Atomic uint64_t slots_at;                  /* struct sf_scope_counter[1 + ruleset.scope_slots] */
	_Atomic uint32_t calls[SF_OPERATION_COUNT]; /* of each operation, those without a connection */
};

/* An address of a socket. length 0: not known. */
struct sf_endpoint {
	uint8_t family; /* enum sf_family */
	uint8_t length; /* of bytes: 4, 16, or of path */
	uint16_t port;  /* host order */
	uint8_t abstract;
	uint8_t reserved[3];
	union {
		uint8_t bytes[16];
		char path[112];
	};
};

/* After-states of a socket: what follows a fault. Ordered: it never goes back. */
enum sf_socket_state { SF_LIVE, SF_ENDED, SF_PEER_CLOSED, SF_DYING, SF_DEAD };

/* What a socket shows that its kernel does not. */
enum {
	SF_MENDED_NAME = 1,       /* getsockname answers `local`: the kernel forgot it */
	SF_MENDED_CONNECTING = 2, /* a connect is under way for as long as it is held back, whatever came of it */
};

/* What a short or refused send of a stream has left, for as long as the sends after it are compared with it
 * (shim/rest.c; only while all calls are recorded). */
struct sf_outstanding {
	uint64_t digest;             /* of the first `digested` bytes of the rest, */
	uint64_t again;              /* and of as many from the beginning of the request that left it */
	uint64_t running;            /* sf_digest_more() over what has gone since */
	uint64_t first, again_first; /* the same two as `digest` and `again`, of at most 32 bytes */
	uint64_t left;               /* bytes: until these have gone, */
	uint32_t sends;              /* and this many sends were made, each says what it begins with */
	uint32_t digested, covered;  /* digested 0: nothing to compare with, or it is decided */
	uint32_t reserved;
};

/* Of the sends or the receives of one socket: those that no rule does anything to for a while, and that only rules of
 * the whole run count (respite.h). Read as plain words, by single instructions: each of them is true by itself. */
struct sf_quick {
	uint16_t func;  /* of such calls: enum sf_func; SF_NO_QUICK: there are none */
	uint16_t again; /* EAGAIN, where that error says that the call found nothing, and all is done; or no such error */
	uint32_t flags; /* of such calls */
	int64_t word_ahead; /* the allowance that they take from: so many bytes from the socket's record */
	/* What moved less needs no look at the socket: without an after-state all that did not fail; else nothing. */
	uint64_t limit;
};

#define SF_NO_QUICK 0 /* the first row of calls.def is no transfer */
/* Of `again`: the socket is to be looked at whatever comes, and `again` stays like that. */
#define SF_LOOK_AGAIN UINT16_MAX

/* One open socket description: shared by dup, fork and exec. */
struct sf_socket {
	/* written where it is made, connected or configured */
	uint8_t family, type, side, nonblocking; /* enums; nonblocking as O_NONBLOCK */
	uint8_t receive_timeout, send_timeout;   /* SO_RCVTIMEO, SO_SNDTIMEO are set */
	uint8_t domestic; /* an end of a socketpair, or not inet and not unix: met with family= only */
	uint8_t reuse_address;
#define SF_TRAITS offsetof(struct sf_socket, conn)
	_Atomic uint32_t conn;    /* run-wide number, 0: none yet */
	uint32_t process, thread; /* that gave it its key */
	_Atomic uint32_t fd_hint; /* descriptor it had first */
	/* Datagrams sent of which no ECONNREFUSED has told, as far as sends are seen: each brings about one at most */
	_Atomic uint32_t unanswered;
	_Atomic uint32_t is_shared; /* several processes may have it */
	uint64_t inode;             /* 0: not asked yet */
	struct sf_endpoint local, peer;
	_Atomic uint64_t match_at;    /* struct sf_match: the rules whose static conditions hold; 0: none yet */
	_Atomic uint32_t match_rules; /* page of the ruleset that match_at was settled for */
	_Atomic uint32_t state;       /* enum sf_socket_state */
	_Atomic uint64_t slots_at;    /* struct sf_scope_counter[1 + ruleset.conn_slots] */

	/* after-state, written by faults */
	_Atomic int32_t error_from, error_to; /* an errno of the kernel's that stands for another one, once */
	_Atomic uint32_t mended;              /* SF_MENDED_ bits */
	_Atomic uint32_t datagram;            /* SF_DATAGRAM_ bits, core/payload.h */
	/* struct sf_stash: datagrams that are held back for others to overtake them */
	_Atomic uint64_t stash_out_at, stash_in_at;
	_Atomic uint64_t hold_in_ns, hold_out_ns; /* readiness is withheld until then (ns since the run began), 0: not */
	_Atomic uint64_t shown;     /* of streams: the program has been shown what comes before this place in `received` */
	_Atomic uint32_t low_water; /* SO_RCVLOWAT; 0: never set */
	_Atomic uint32_t has_key;   /* it was named: ends of a pair have a key and no number */
	uint32_t nth;               /* its key: it is that thread's n-th connection */
	uint32_t index;             /* its own, from when it is some socket's; 0: nobody has claimed it */
	_Atomic uint64_t outstanding_at; /* struct sf_outstanding; 0: no send has ever left anything */

	/* written by every transfer */
	_Alignas(64) _Atomic uint64_t received;
	struct sf_quick quick[2]; /* of receives, of sends */
	_Alignas(64) _Atomic uint64_t sent;
	_Atomic uint32_t calls[SF_OPERATION_COUNT]; /* of each operation: the ordinal of events and of nth per=conn */
	/* enum sf_mode of transfers that may go the short way (brief.h); 0: they may not */
	uint8_t send_mode, receive_mode;
};

struct sf_site {
	uint32_t object; /* index */
	uint32_t reserved;
	uint64_t offset; /* of the return address, from the object's load address */
};

struct sf_object {
	char path[240];
	uint64_t base_hint; /* load address where it was first seen */
	uint64_t size;
};

/* ---- events ---- */

/* Of sf_event.what: calls are enum sf_func; these follow. */
enum sf_lifecycle {
	SF_EVENT_FIRST = 0x4000,
	SF_EVENT_LOAD = SF_EVENT_FIRST, /* text extension: name of the program (an exec overwrites the process record) */
	SF_EVENT_FORK,                  /* first event of the child. ret: its pid, asked: its parent's process index */
	SF_EVENT_EXEC,                  /* text extension: the path */
	SF_EVENT_EXIT,                  /* ret: status; asked 1: the status is not known */
	SF_EVENT_SIGNAL,                /* a signal that a rule delivered: asked: number */
	SF_EVENT_THREAD,                /* asked: index of the new thread */
	SF_EVENT_ESCAPE,                /* a child into which the library can't come; text extension: why */
	SF_EVENT_END
};

enum sf_event_state {
	SF_EVENT_UNUSED,
	SF_EVENT_PENDING, /* entered, not returned */
	SF_EVENT_DONE,
	SF_EVENT_EXTENSION,
	SF_EVENT_HEAD, /* slot 0 of a page: struct sf_event_page */
};

/* Of sf_event.closed. `socket` is then what the number was; forgotten where the number is given out again, as far as is
 * known, and in a forked child. */
enum sf_closed {
	SF_NOT_CLOSED,
	SF_CLOSED,          /* closed before, by close, close_range, fclose ... */
	SF_CLOSED_IN_A_ROW, /* the same, where the thread closes one number after another, whatever they are */
};

/* 128 bytes. Written by one thread (and its signal handlers); complete once state says DONE. */
struct sf_event {
	_Atomic uint16_t state; /* enum sf_event_state */
	uint16_t what;          /* enum sf_func or enum sf_lifecycle */
	int32_t fd;             /* -1: none */
	uint64_t stamp;         /* ticks at entry */
	uint64_t ticks;         /* from entry to return */
	/* What the call asked for: bytes, backlog, number of descriptors; of dup2 the target number, of close_range the
	 * first (offset: the last); of fcntl its argument, of FIONBIO and SO_ERROR the value there; of waits the process;
	 * of getaddrinfo how many addresses it has found. `buffer`, of connect: a digest of where to */
	uint64_t asked;
	int64_t ret;
	uint64_t offset;      /* bytes moved before on this connection in this direction; of a wait its limit in ns */
	uint64_t buffer;      /* of transfers: address of their first byte, of a vector's in its first piece that has any */
	uint32_t socket;      /* index, 0: none */
	uint32_t site;        /* index, 0: unknown */
	uint32_t flags;       /* MSG_ flags; of shutdown: how; of sockopt: level << 16 | name */
	uint32_t stack;       /* hash of the frames, 0: not taken */
	uint16_t error;       /* errno, 0: none; of resolve: the positive EAI value */
	uint8_t mode;         /* enum sf_mode */
	uint8_t realism;      /* enum sf_realism, 0: nothing was injected */
	uint16_t rule;        /* number of the rule that decided, from 1; 0: none */
	uint8_t fault;        /* 1 + enum sf_fault_kind, 0: none */
	uint8_t fault_unit;   /* enum sf_argument_unit of: */
	uint64_t fault_value; /* what was picked: bytes, errno, ns */
	uint32_t ordinal;     /* of the call among those that the rule counts, from 1 */
	uint32_t
	    conn_ordinal; /* of the call among those of its operation on this connection, from 1 (of its thread, if none) */
	uint16_t shaped_rule; /* a delay, latency or rate that applied as well; 0: none */
	uint8_t shaped_fault; /* 1 + kind */
	uint8_t extensions;   /* records that follow somewhere in this thread's pages and name this event */
	uint32_t shaped_us;   /* microseconds that it cost */
	uint32_t made;        /* of accept, socket and pidfd_getfd: index of the socket that the result is */
	uint8_t question;     /* of resolve: enum sf_question */
	uint8_t closed;       /* enum sf_closed: the program itself had closed this number, and was told EBADF */
	uint8_t reserved8[2];
	uint64_t reserved[2];
};

#define SF_EVENT_SIZE 128
#define SF_EVENTS_PER_PAGE (SF_PAGE_SIZE / SF_EVENT_SIZE)

/* Slot 0 of each page of events. */
struct sf_event_page {
	_Atomic uint16_t state; /* SF_EVENT_HEAD */
	uint16_t reserved16;
	uint32_t thread;       /* index */
	uint32_t process;      /* index */
	_Atomic uint32_t next; /* page number of the thread's next page, 0: none yet */
	uint8_t reserved[112];
};

enum sf_extension_kind {
	SF_EXTENSION_STACK,   /* frames: uint32_t site indices, innermost first */
	SF_EXTENSION_REST,    /* struct sf_rest: what a short or refused send left */
	SF_EXTENSION_POLL,    /* struct sf_polled[]: what was asked and answered */
	SF_EXTENSION_EPOLL,   /* struct sf_epolled[]: epoll_wait's answers; of epoll_ctl: the one registration */
	SF_EXTENSION_TEXT,    /* bytes: path of an exec, a name asked for, why something escaped */
	SF_EXTENSION_ADDRESS, /* struct sf_endpoint, cut to fit: where a datagram went to or came from */
	SF_EXTENSION_SIGNAL,  /* struct sf_disposition[]: of a call that a rule interrupted all signals with a handler; of a
	                       * fork SIGCHLD */
	SF_EXTENSION_WAIT,    /* struct sf_waited: the child that a wait has reaped */
	SF_EXTENSION_BEGIN, /* struct sf_rest: how the request of a short or refused send begins, and of the sends after it
	                     */
	SF_EXTENSION_GIVEN, /* struct sf_given[]: sockets that came by socketpair or in a message, or that a program
	                     * finds when it starts */
	SF_EXTENSION_COUNT
};

struct sf_extension {
	_Atomic uint16_t state; /* SF_EVENT_EXTENSION */
	uint8_t kind;           /* enum sf_extension_kind */
	uint8_t length;         /* bytes of data in use */
	uint16_t part;          /* 0, 1, ... where the content needs several records */
	uint16_t slot;          /* of the event: slot in its page */
	uint32_t page;          /* of the event */
	uint32_t reserved;
	uint8_t data[112];
};

/* What a send that follows on a short or refused one on its stream sends, byte by byte, in however many pieces and
 * from whichever buffer. */
enum sf_follows {
	SF_FOLLOWS_UNKNOWN, /* nothing was left; or it can't be told yet, or at all */
	SF_FOLLOWS_ON,      /* what was left */
	SF_FOLLOWS_AGAIN,   /* the request that had left it, from its beginning */
	SF_FOLLOWS_OTHER,
	SF_FOLLOWS_COUNT
};

/* Bytes that a send was to take. REST: what it left: of a stream all that it did not take, of other sockets the refused
 * message; where it took n of N (a stream), or said EAGAIN, EINTR, ENOBUFS or ENOMEM. BEGIN: the whole request, of the
 * same send, and then of each one on that stream, by whichever thread or process, until as many bytes have gone as were
 * left and at least four sends were made. sendfile and splice have no bytes to look at, and a REST only where a rule
 * made it: else the file may have had no more. Only bytes that the kernel has taken may be looked at (and their page,
 * to its end), or all where a rule decided the call: `digested` says how many were, 0 of what the kernel itself
 * refused. */
struct sf_rest {
	uint64_t digest;  /* sf_digest() of the first `digested` bytes */
	uint64_t length;  /* bytes in all */
	uint64_t address; /* of the first byte, in a vector of that in the piece where it lies; 0: not known */
	uint8_t first[32];
	uint32_t first_length; /* 0 with --no-data */
	uint32_t digested;     /* at most SF_REST_LOOK */
	uint64_t first_digest; /* of the first min(digested, 32) bytes */
	/* Of BEGIN: enum sf_follows. Said once: where REST.digested bytes have followed or are offered, or earlier where
	 * the first 32 show that they are other ones */
	uint8_t follows;
	uint8_t reserved[7];
};

#define SF_REST_LOOK 4096

/* Of poll and select so many at most. Where poll has more: those first that are watched while a short send has left
 * something on them, or while they are silent, then those of which something is told. */
#define SF_POLLED_SHOWN 28

struct sf_polled {
	int32_t fd;
	uint16_t events, revents; /* POLL bits, also for select and epoll; EPOLLET is bit 15 */
};

struct sf_epolled {
	uint64_t data;   /* as registered: tells which registration answered */
	uint32_t events; /* EPOLL bits */
	int32_t fd;      /* of epoll_ctl: the descriptor; of epoll_wait: -1 */
};

struct sf_disposition {
	uint8_t signal, handled, restart;
	uint8_t ignored; /* SIG_IGN, or of SIGCHLD SA_NOCLDWAIT: nobody has to wait for children */
};

struct sf_waited {
	int32_t pid, status; /* as wait(2) has it */
};

struct sf_given {
	int32_t fd;
	uint32_t socket; /* index */
};

_Static_assert(sizeof(struct sf_event) == SF_EVENT_SIZE, "events are of fixed size");
_Static_assert(sizeof(struct sf_event_page) == SF_EVENT_SIZE, "the head takes one slot");
_Static_assert(sizeof(struct sf_extension) == SF_EVENT_SIZE, "an extension takes one slot");
_Static_assert(sizeof(struct sf_counter) == 64, "one cache line a rule");
_Static_assert(sizeof(struct sf_socket) == 512, "entries of the descriptor table name them by their place");
_Static_assert(sizeof(struct sf_rest) <= 112, "fits an extension");
_Static_assert(offsetof(struct sf_arena, watch) == 64, "offsets are part of the version");
_Static_assert(offsetof(struct sf_arena, pages_used) == 256, "offsets are part of the version");
_Static_assert(offsetof(struct sf_arena, pages_ready) == 320, "offsets are part of the version");
_Static_assert(offsetof(struct sf_arena, tables) == 384, "offsets are part of the version");
_Static_assert(
    offsetof(struct sf_event, stamp) == 8 && offsetof(struct sf_event, socket) == 56 &&
        offsetof(struct sf_event, rule) == 76 && offsetof(struct sf_event, ordinal) == 88,
    "offsets are part of the version");

#endif
