/* SPDX-License-Identifier: MIT */
/* machine_variant.c - compiled once for each kind of processor; RAY_VARIANT is its name. */
#include "dots.h"
#include "machine.h"
#include "microkernel.h"
#include "planes.h"
#include "shifted.h"
#include "transpose.h"
#include "winograd_tiles.h"

#define JOIN(a, b) a##b
#define NAME_OF(variant) JOIN(ray_machine_, variant)
#define TEXT(variant) #variant
#define TEXT_OF(variant) TEXT(variant)

static bool works(void)
{
#if defined(__AVX512F__)
    return __builtin_cpu_supports("avx512f");
#elif defined(__AVX2__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return true;
#endif
}

extern const ray_machine NAME_OF(RAY_VARIANT);

const ray_machine NAME_OF(RAY_VARIANT) = {
    .name = TEXT_OF(RAY_VARIANT),
    .lanes = LANES,
    .rows = MOST_ROWS,
    .works = works,
    .multiply = multiply,
    .shifted = shifted,
    .pack = pack,
    .deal = deal,
    .pick = pick,
    .dot = dot,
    .sum_rows = sum_rows,
    .stack = stack,
    .unstack = unstack,
    .plane = plane,
    .copy_line = copy_line,
    .split_line = split_line,
    .interleave = interleave,
    .spread = spread,
    .small = &small,
    .large = &large,
};
