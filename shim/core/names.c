/* SPDX-License-Identifier: MIT
 *
 * names.c -- the tables behind names.h. The names are constants of the C library's headers: one that is missing breaks
 * the build, so the tables can't lose a row in silence.
 */
#include "core/names.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* The name itself, not a pointer to it, which the loader would have to put right in each program that starts. */
struct name {
	int number;
	char name[20];
};

#define N(constant)                                                                                                    \
	{                                                                                                                  \
		constant, #constant                                                                                            \
	}

/* Aliases stand last: the first row of a number is its name. */
static const struct name errnos[] = {
    N(EPERM),
    N(ENOENT),
    N(ESRCH),
    N(EINTR),
    N(EIO),
    N(ENXIO),
    N(E2BIG),
    N(ENOEXEC),
    N(EBADF),
    N(ECHILD),
    N(EAGAIN),
    N(ENOMEM),
    N(EACCES),
    N(EFAULT),
    N(ENOTBLK),
    N(EBUSY),
    N(EEXIST),
    N(EXDEV),
    N(ENODEV),
    N(ENOTDIR),
    N(EISDIR),
    N(EINVAL),
    N(ENFILE),
    N(EMFILE),
    N(ENOTTY),
    N(ETXTBSY),
    N(EFBIG),
    N(ENOSPC),
    N(ESPIPE),
    N(EROFS),
    N(EMLINK),
    N(EPIPE),
    N(EDOM),
    N(ERANGE),
    N(EDEADLK),
    N(ENAMETOOLONG),
    N(ENOLCK),
    N(ENOSYS),
    N(ENOTEMPTY),
    N(ELOOP),
    N(ENOMSG),
    N(EIDRM),
    N(ECHRNG),
    N(EL2NSYNC),
    N(EL3HLT),
    N(EL3RST),
    N(ELNRNG),
    N(EUNATCH),
    N(ENOCSI),
    N(EL2HLT),
    N(EBADE),
    N(EBADR),
    N(EXFULL),
    N(ENOANO),
    N(EBADRQC),
    N(EBADSLT),
    N(EBFONT),
    N(ENOSTR),
    N(ENODATA),
    N(ETIME),
    N(ENOSR),
    N(ENONET),
    N(ENOPKG),
    N(EREMOTE),
    N(ENOLINK),
    N(EADV),
    N(ESRMNT),
    N(ECOMM),
    N(EPROTO),
    N(EMULTIHOP),
    N(EDOTDOT),
    N(EBADMSG),
    N(EOVERFLOW),
    N(ENOTUNIQ),
    N(EBADFD),
    N(EREMCHG),
    N(ELIBACC),
    N(ELIBBAD),
    N(ELIBSCN),
    N(ELIBMAX),
    N(ELIBEXEC),
    N(EILSEQ),
    N(ERESTART),
    N(ESTRPIPE),
    N(EUSERS),
    N(ENOTSOCK),
    N(EDESTADDRREQ),
    N(EMSGSIZE),
    N(EPROTOTYPE),
    N(ENOPROTOOPT),
    N(EPROTONOSUPPORT),
    N(ESOCKTNOSUPPORT),
    N(EOPNOTSUPP),
    N(EPFNOSUPPORT),
    N(EAFNOSUPPORT),
    N(EADDRINUSE),
    N(EADDRNOTAVAIL),
    N(ENETDOWN),
    N(ENETUNREACH),
    N(ENETRESET),
    N(ECONNABORTED),
    N(ECONNRESET),
    N(ENOBUFS),
    N(EISCONN),
    N(ENOTCONN),
    N(ESHUTDOWN),
    N(ETOOMANYREFS),
    N(ETIMEDOUT),
    N(ECONNREFUSED),
    N(EHOSTDOWN),
    N(EHOSTUNREACH),
    N(EALREADY),
    N(EINPROGRESS),
    N(ESTALE),
    N(EUCLEAN),
    N(ENOTNAM),
    N(ENAVAIL),
    N(EISNAM),
    N(EREMOTEIO),
    N(EDQUOT),
    N(ENOMEDIUM),
    N(EMEDIUMTYPE),
    N(ECANCELED),
    N(ENOKEY),
    N(EKEYEXPIRED),
    N(EKEYREVOKED),
    N(EKEYREJECTED),
    N(EOWNERDEAD),
    N(ENOTRECOVERABLE),
    N(ERFKILL),
    N(EHWPOISON),
    N(EWOULDBLOCK),
    N(ENOTSUP),
    N(EDEADLOCK),
};

/* getaddrinfo(3) counts downwards. */
#define EAI(constant)                                                                                                  \
	{                                                                                                                  \
		-(constant), #constant                                                                                         \
	}

static const struct name eais[] = {
    EAI(EAI_BADFLAGS), EAI(EAI_NONAME),   EAI(EAI_AGAIN),      EAI(EAI_FAIL),       EAI(EAI_NODATA),
    EAI(EAI_FAMILY),   EAI(EAI_SOCKTYPE), EAI(EAI_SERVICE),    EAI(EAI_ADDRFAMILY), EAI(EAI_MEMORY),
    EAI(EAI_SYSTEM),   EAI(EAI_OVERFLOW), EAI(EAI_INPROGRESS), EAI(EAI_CANCELED),   EAI(EAI_NOTCANCELED),
    EAI(EAI_ALLDONE),  EAI(EAI_INTR),     EAI(EAI_IDN_ENCODE),
};

static const struct name signals[] = {
    N(SIGHUP),   N(SIGINT),  N(SIGQUIT), N(SIGILL),  N(SIGTRAP), N(SIGABRT), N(SIGBUS),    N(SIGFPE),    N(SIGKILL),
    N(SIGUSR1),  N(SIGSEGV), N(SIGUSR2), N(SIGPIPE), N(SIGALRM), N(SIGTERM), N(SIGSTKFLT), N(SIGCHLD),   N(SIGCONT),
    N(SIGSTOP),  N(SIGTSTP), N(SIGTTIN), N(SIGTTOU), N(SIGURG),  N(SIGXCPU), N(SIGXFSZ),   N(SIGVTALRM), N(SIGPROF),
    N(SIGWINCH), N(SIGIO),   N(SIGPWR),  N(SIGSYS),  N(SIGIOT),  N(SIGPOLL),
};

const struct sf_flag sf_message_flags[] = {
    N(MSG_OOB),      N(MSG_PEEK),     N(MSG_DONTROUTE),    N(MSG_CTRUNC), N(MSG_PROXY),      N(MSG_TRUNC),
    N(MSG_DONTWAIT), N(MSG_EOR),      N(MSG_WAITALL),      N(MSG_FIN),    N(MSG_SYN),        N(MSG_CONFIRM),
    N(MSG_RST),      N(MSG_ERRQUEUE), N(MSG_NOSIGNAL),     N(MSG_MORE),   N(MSG_WAITFORONE), N(MSG_BATCH),
    N(MSG_ZEROCOPY), N(MSG_FASTOPEN), N(MSG_CMSG_CLOEXEC), {0, NULL},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const char *name_of(const struct name *table, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

static int number_of(const struct name *table, size_t count, const char *name, size_t length, size_t skip)
{
	for (size_t i = 0; i < count; i++) {
		const char *known = table[i].name + skip;

		if (strlen(known) == length && memcmp(known, name, length) == 0)
			return table[i].number;
	}
	return -1;
}

const char *sf_errno_name(int number)
{
	return name_of(errnos, COUNT(errnos), number);
}

int sf_errno_find(const char *name, size_t length)
{
	return number_of(errnos, COUNT(errnos), name, length, 0);
}

const char *sf_eai_name(int positive)
{
	return name_of(eais, COUNT(eais), positive);
}

int sf_eai_find(const char *name, size_t length)
{
	return number_of(eais, COUNT(eais), name, length, 0);
}

const char *sf_signal_name(int number)
{
	return name_of(signals, COUNT(signals), number);
}

int sf_signal_find(const char *name, size_t length)
{
	size_t skip = length >= 3 && memcmp(name, "SIG", 3) == 0 ? 0 : 3;

	return number_of(signals, COUNT(signals), name, length, skip);
}
