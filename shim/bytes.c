/* SPDX-License-Identifier: MIT
 *
 * bytes.c -- see bytes.h.
 */
#include "bytes.h"

#include <errno.h>
#include <string.h>

#include "core/arena.h"
#include "self.h"
#include "sys.h"

struct msghdr *sf_bytes_theirs(const struct sf_call *c)
{
	if (c->shape == SF_SHAPE_MESSAGE)
		return c->msg;
	return c->shape == SF_SHAPE_MESSAGES ? &c->mmsg[0].msg_hdr : NULL;
}

struct msghdr sf_bytes_header(const struct sf_call *c, struct iovec *one)
{
	struct msghdr header = {0};

	if (sf_bytes_theirs(c))
		return *sf_bytes_theirs(c);
	if (c->shape == SF_SHAPE_VECTOR) {
		header.msg_iov = (struct iovec *)(uintptr_t)c->iov;
		header.msg_iovlen = (size_t)c->count;
	} else {
		*one = (struct iovec){c->buf, c->asked};
		header.msg_iov = one;
		header.msg_iovlen = 1;
	}
	if (c->operation == SF_SEND && c->address) {
		header.msg_name = (void *)(uintptr_t)c->address;
		header.msg_namelen = c->address_length;
	}
	return header;
}

size_t sf_bytes_length(const struct msghdr *header)
{
	size_t length = 0;

	for (size_t i = 0; i < header->msg_iovlen; i++)
		length += header->msg_iov[i].iov_len;
	return length;
}

/* Where the kernel may not help (a container's filter) or may not be asked (a sandbox), the pointers are trusted. */
static void copy_plainly(const struct msghdr *header, char *ours, size_t length, bool out)
{
	for (size_t i = 0; i < header->msg_iovlen && length > 0; i++) {
		size_t piece = header->msg_iov[i].iov_len < length ? header->msg_iov[i].iov_len : length;

		if (out)
			memcpy(ours, header->msg_iov[i].iov_base, piece);
		else
			memcpy(header->msg_iov[i].iov_base, ours, piece);
		ours += piece;
		length -= piece;
	}
}

static bool copy(const struct msghdr *header, char *ours, size_t length, bool out)
{
	struct iovec mine = {ours, length};
	long done = -EPERM;

	if (!sf_self_is_sandboxed())
		done = sf_sys(
		    out ? SYS_process_vm_readv : SYS_process_vm_writev, sf_pid, &mine, 1, header->msg_iov, header->msg_iovlen,
		    0);

	if (done == -ENOSYS || done == -EPERM || done == -ESRCH) {
		copy_plainly(header, ours, length, out);
		return true;
	}
	return done == (long)length;
}

bool sf_bytes_gather(const struct msghdr *header, char *to, size_t length)
{
	return length == 0 || copy(header, to, length, true);
}

bool sf_bytes_scatter(const struct msghdr *header, const char *from, size_t length)
{
	return length == 0 || copy(header, (char *)(uintptr_t)from, length, false);
}

static char *byte_at(const struct iovec *iov, size_t count, size_t place)
{
	for (size_t i = 0; i < count; i++) {
		if (place < iov[i].iov_len)
			return (char *)iov[i].iov_base + place;
		place -= iov[i].iov_len;
	}
	return NULL;
}

static size_t common_divisor(size_t a, size_t b)
{
	while (b > 0) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* A step that has no divisor in common with the length meets each place once: none is changed back. */
void sf_bytes_spoil(const struct sf_call *c, const struct iovec *iov, size_t count, size_t length)
{
	uint64_t random = sf_key_hash(c->random, 1);

	if (length == 0)
		return;
	size_t place = random % length, step = (random >> 32) % length + 1;

	while (common_divisor(step, length) != 1)
		step++;
	for (size_t i = 0; i < c->amount && i < length; i++) {
		char *byte = byte_at(iov, count, place);

		random = sf_key_hash(random, i + 1);
		if (byte)
			*byte ^= (char)(1 + (random >> 32) % 255);
		place = (place + step) % length;
	}
}
