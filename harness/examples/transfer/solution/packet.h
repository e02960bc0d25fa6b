/* SPDX-License-Identifier: MIT
 *
 * packet.h -- what goes over the wire, in both directions: one byte of type, two of sum, four of number, then data.
 * Numbers are in network byte order. The sum is that of all other bytes of the packet, modulo 65536.
 */
#ifndef PACKET_H
#define PACKET_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

enum { HEAD = 7, BLOCK = 128, PACKET = HEAD + BLOCK };

static inline uint16_t packet_sum(const uint8_t *packet, size_t length)
{
	uint16_t sum = packet[0];

	for (size_t i = 3; i < length; i++)
		sum = (uint16_t)(sum + packet[i]);
	return sum;
}

/* Writes the head before data that is in place already. */
static inline void packet_seal(uint8_t *packet, char type, uint32_t number, size_t length)
{
	uint32_t wire = htonl(number);

	packet[0] = (uint8_t)type;
	memcpy(packet + 3, &wire, sizeof(wire));
	uint16_t sum = htons(packet_sum(packet, length));

	memcpy(packet + 1, &sum, sizeof(sum));
}

static inline uint32_t packet_number(const uint8_t *packet)
{
	uint32_t wire;

	memcpy(&wire, packet + 3, sizeof(wire));
	return ntohl(wire);
}

static inline bool packet_is_whole(const uint8_t *packet, ssize_t length)
{
	uint16_t sum;

	if (length < HEAD || length > PACKET)
		return false;
	memcpy(&sum, packet + 1, sizeof(sum));
	return ntohs(sum) == packet_sum(packet, (size_t)length);
}

#endif
