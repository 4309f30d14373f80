/* SPDX-License-Identifier: MIT */
#include "random.h"

enum { N = 624, M = 397 };

void ray_random_seed(ray_random *random, uint64_t seed)
{
    uint32_t *s = random->state;
    s[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < N; i++)
        s[i] = 1812433253u * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
    random->next = N;
}

/* The next N words of the sequence, untempered. */
static void refill(ray_random *random)
{
    uint32_t *s = random->state;
    for (int i = 0; i < N; i++) {
        uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % N] & 0x7fffffffu);
        s[i] = s[(i + M) % N] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908b0dfu : 0);
    }
    random->next = 0;
}

uint32_t ray_random_next(ray_random *random)
{
    if (random->next >= N)
        refill(random);
    uint32_t y = random->state[random->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

double ray_random_uniform(ray_random *random)
{
    return (double)(ray_random_next(random) & 0xffffffu) / 16777216.0;
}
