/* SPDX-License-Identifier: MIT
 *
 * call.h -- one intercepted call, as data: what the program asked (the wrapper writes it), what is known of the socket
 * (the gate), what a fault wants (fault/<kind>.c), and the result. Lives on the wrapper's stack.
 */
#ifndef SF_CORE_CALL_H
#define SF_CORE_CALL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/arena.h"

/* Where the bytes of a call are. */
enum sf_shape {
	SF_SHAPE_NONE,     /* it moves none, or they are out of reach (sendfile, splice): len alone */
	SF_SHAPE_BUFFER,   /* buf, len */
	SF_SHAPE_VECTOR,   /* iov, count */
	SF_SHAPE_MESSAGE,  /* msg */
	SF_SHAPE_MESSAGES, /* mmsg, count: several datagrams, or pieces of a stream */
};

/* What the gate is to do for a fault, besides changing len or deciding the result. */
enum sf_wish {
	SF_WISH_RESET = 1,       /* the connection is reset (RST), and the original call is made on it */
	SF_WISH_SHUT_READ = 2,   /* the peer has ended: recv 0 for ever */
	SF_WISH_PEER_CLOSED = 4, /* the peer has closed: recv 0; of sends the next succeeds, later ones EPIPE */
	SF_WISH_FAIL = 8,        /* the call fails with err, as Linux would make it fail; the gate finds the way */
	SF_WISH_RAW = 16,        /* ret -1 and err, and nothing else */
	SF_WISH_HOLD = 32,       /* silence for hold_ns (UINT64_MAX: for good) */
	SF_WISH_DROP = 64,       /* the datagram is lost */
	SF_WISH_DUPLICATE = 128,
	SF_WISH_REORDER = 256,
	SF_WISH_TRUNCATE = 512,
	SF_WISH_CORRUPT = 1024,
	SF_WISH_REST = 2048, /* the first of several messages is done: the real call is for the rest of them */
	SF_DATAGRAM_WISHES = SF_WISH_DROP | SF_WISH_DUPLICATE | SF_WISH_REORDER | SF_WISH_TRUNCATE | SF_WISH_CORRUPT,
};

/* What a resolving call asks of name servers, and so how it can fail. */
enum sf_question {
	SF_QUESTION,         /* an answer is needed */
	SF_QUESTION_IN_VAIN, /* without a name the address will do (getnameinfo) */
	SF_QUESTION_NONE,    /* it is an address already, or nothing: nobody is asked */
};

#define SF_CUT_MAX 16

/* A request that was cut: what the real call gets in place of the program's vector. Beside the call, not in it: only
 * calls that have a vector carry it, and nobody clears it. */
struct sf_cut {
	struct mmsghdr message;
	struct msghdr *whole;       /* the program's own, while message stands for it */
	const struct iovec *vector; /* the program's own, of a call that has one, and its length */
	int count;
	struct iovec pieces[SF_CUT_MAX];
};

/* Rules whose count of a call is remembered with the call; of later ones it is found again. */
#define SF_COUNTED_MAX 128

struct sf_wait; /* readiness.h */

struct sf_call {
	/* asked by the program */
	uint16_t func;     /* enum sf_func */
	uint8_t operation; /* enum sf_operation */
	uint8_t shape;     /* enum sf_shape */
	int fd;            /* -1: none */
	int flags;         /* MSG_ flags; of shutdown: how; of sockopt: level << 16 | name */
	int count;         /* of iov or mmsg */
	size_t asked;      /* bytes; of listen the backlog, of poll the number of descriptors */
	const void *site;  /* return address */
	union {
		void *buf;
		const void *out;
		const struct iovec *iov;
		struct msghdr *msg;
		struct mmsghdr *mmsg;
		const char *name; /* resolve: the name asked for, or NULL */
	};
	const struct sockaddr *address; /* of connect, bind, sendto; of resolve: getnameinfo's */
	uint32_t address_length;

	/* the real call uses these: a fault may shrink len, the gate then cuts iov or msg to it */
	size_t len;
	size_t parted; /* bytes that parts before this one have moved: see sf_call.splits */

	/* known of the socket */
	uint8_t family, type, side, mode; /* enums */
	uint8_t on;                       /* SF_ON_ bit, core/fact.h */
	uint32_t socket_index;
	uint32_t site_index;      /* of the arena's sites, 0: unknown */
	struct sf_socket *socket; /* NULL: no socket */

	/* decided */
	uint16_t rule;    /* number, from 1; 0: none */
	uint16_t ordinal; /* low bits, for events */
	uint8_t realism;  /* enum sf_realism */
	uint8_t fault;    /* 1 + kind of the action that decided */
	uint8_t unit;     /* of value: enum sf_argument_unit */
	uint8_t signal;   /* to be delivered first, 0: none */
	uint32_t wishes;  /* enum sf_wish */
	uint64_t value;   /* what was picked */
	uint64_t random;  /* for this call and rule: seed, rule, key, ordinal */
	uint64_t delay_ns;
	uint64_t latency_ns;
	uint64_t rate; /* bytes a second */
	uint64_t hold_ns;
	uint64_t silent_until_ns; /* of a silence that this call found over; 0: none */
	uint32_t amount;          /* of corrupt: bytes */
	uint32_t behind;          /* of reorder: how many overtake it */
	uint32_t keep;            /* of truncate: bytes kept */
	uint16_t shaped_rule;
	uint8_t shaped_fault;
	uint8_t counts;                        /* ordinals were given: to be taken back if the call finds nothing ready */
	uint8_t unread;                        /* where its arguments lead is looked at after the kernel has looked */
	uint8_t entered;                       /* the gate knows of it */
	uint8_t splits;                        /* the cut is for a wait inside the call: what is left follows in it */
	uint8_t was_cut;                       /* cut->message stands for the program's header */
	uint8_t released;                      /* a silence (latency) is over: this call finds what had come */
	uint8_t stranger;                      /* the number is another socket's by now: no rule knows this call */
	uint8_t postponed;                     /* it meets silence for a while: counted when that is over */
	uint8_t question;                      /* of resolve: enum sf_question */
	uint8_t refused;                       /* the effect found that the kernel would not do this now */
	uint8_t finds_nothing;                 /* the kernel would say EAGAIN, had it been asked with our look: so do we */
	uint32_t rules_page;                   /* of the rules that counted it: others may be loaded meanwhile */
	uint64_t counted[SF_COUNTED_MAX / 64]; /* bits of the rules that counted it: what finding nothing takes back */

	/* result */
	int64_t ret;
	int err;                           /* errno; of resolve: the positive EAI value */
	const struct sockaddr *heard_from; /* a datagram that we answer with ourselves: its sender */
	uint32_t heard_length;

	struct sf_event *event; /* NULL: not recorded */

	const struct sf_wait *wait; /* of poll, select, epoll_wait: what is waited for */

	struct sf_cut *cut; /* of vectors and messages: room for a request that was cut */
};

/* Programs hand the kernel NULL and small garbage, and get EFAULT: we must not look where it would refuse. */
static inline bool sf_readable(const void *pointer)
{
	return (uintptr_t)pointer >= 4096;
}

static inline bool sf_call_is_transfer(const struct sf_call *c)
{
	return c->operation == SF_SEND || c->operation == SF_RECV;
}

/* A non-blocking call that no fault has met found nothing to move. */
static inline bool sf_call_found_nothing(const struct sf_call *c)
{
	return c->ret < 0 && c->err == EAGAIN && c->mode == SF_NONBLOCKING && !c->rule;
}

/* A blocking send returns when it is through, and so does a receiving call that waits for all. */
static inline bool sf_call_takes_all(const struct sf_call *c)
{
	return c->mode != SF_NONBLOCKING && (c->operation == SF_SEND || c->flags & MSG_WAITALL);
}

/* Bytes that a call has moved which succeeded: of several messages all. */
static inline uint64_t sf_call_moved(const struct sf_call *c)
{
	uint64_t sum = 0;

	if (c->shape != SF_SHAPE_MESSAGES)
		return (uint64_t)c->ret;
	for (int i = 0; i < c->ret; i++)
		sum += c->mmsg[i].msg_len;
	return sum;
}

/* A value of the range, by the call's random number. */
static inline uint64_t sf_pick(const struct sf_call *c, const struct sf_argument *a)
{
	uint64_t span = a->high - a->low + 1;

	if (a->high == UINT64_MAX || span == 0)
		return a->low;
	return a->low + (span > 1 ? c->random % span : 0);
}

#endif
