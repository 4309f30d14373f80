/* SPDX-License-Identifier: MIT */
/* bench.h - what `rayinterp bench` says on standard output. */
#ifndef RAY_CLI_BENCH_H
#define RAY_CLI_BENCH_H

#include "cli.h"

typedef struct cli_measured {
    const ray_network *network;
    const ray_bench   *bench;
    bool               layers;      /* the table of layers is wanted */
} cli_measured;

void cli_bench_text(const cli_measured *measured);
int  cli_bench_json(const cli_measured *measured);      /* -1: a name cannot be written; said */

/* 1e9 operations of direct computation a second, two for each multiply-add; 0: none are known. */
double cli_bench_gflop_per_second(double macs, double seconds);
double cli_bench_share_of_peak(const ray_bench *bench, double macs, double seconds);
/* The medians of all layers, forward (method 0) or backward of an entry. */
double cli_bench_total(const ray_bench *bench, int entry);
/* The time of a layer in that sense. */
const ray_spread *cli_bench_time(const ray_bench *bench, int layer, int entry);

#endif
