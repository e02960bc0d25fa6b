#ifndef NET_H
#define NET_H

#include <stddef.h>

/* Sends / receives exactly len bytes. 0 on success, -1 on error. */
int net_send(int fd, const void *buf, size_t len);
int net_recv(int fd, void *buf, size_t len);

#endif
