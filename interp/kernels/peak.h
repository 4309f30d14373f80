/* SPDX-License-Identifier: MIT */
/* peak.h - what this machine can do at most, measured: the yardstick of benchmarks. */
#ifndef RAY_KERNELS_PEAK_H
#define RAY_KERNELS_PEAK_H

/* Floating-point operations a second, on as many threads as OpenMP would take, of the best inner
 * loop that works on this processor, whichever is in use; its operands stay in the nearest cache.
 * Takes about 20 ms. */
double ray_peak_operations(void);

/* Bytes a second that such threads read from memory beyond the caches.  Takes about 100 ms and
 * 128 MiB; 0 when these are not to be had. */
double ray_peak_bandwidth(void);

#endif
