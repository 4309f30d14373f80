/* SPDX-License-Identifier: MIT */
#ifndef RAY_BASE_CLOCK_H
#define RAY_BASE_CLOCK_H

double ray_clock(void);         /* seconds since some moment; never goes back */

#endif
