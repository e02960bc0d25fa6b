/* SPDX-License-Identifier: MIT
 *
 * rng.h -- every random choice: a pure function of (seed, rule, key, ordinal). No state, no clock, no pid, no address,
 * no order of threads. splitmix64's finalizer over the four, one after the other.
 */
#ifndef SF_CORE_RNG_H
#define SF_CORE_RNG_H

#include <stdint.h>

static inline uint64_t sf_rng_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static inline uint64_t sf_rng(uint64_t seed, uint64_t rule, uint64_t key, uint64_t ordinal)
{
	return sf_rng_mix(sf_rng_mix(sf_rng_mix(sf_rng_mix(seed) ^ rule) ^ key) ^ ordinal);
}

#endif
