/* SPDX-License-Identifier: MIT */
/* random.h - Mersenne Twister MT19937 (Matsumoto and Nishimura, ACM TOMACS 8(1), 1998). */
#ifndef RAY_BASE_RANDOM_H
#define RAY_BASE_RANDOM_H

#include <stdint.h>

typedef struct ray_random { uint32_t state[624]; int32_t next; } ray_random;
void     ray_random_seed(ray_random *random, uint64_t seed);    /* init_genrand(seed mod 2^32) */
uint32_t ray_random_next(ray_random *random);
double   ray_random_uniform(ray_random *random);    /* (next & (2^24 - 1)) / 2^24 */

#endif
