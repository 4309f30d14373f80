/* SPDX-License-Identifier: MIT */
#include "ray_rules.h"

int ray_gate_positive_signal(ray_run *run, const ray_call *call)
{
    (void)run;
    const float *p = call->dout->data;
    float *din = call->din[0].data;
    int64_t n = ray_count(call->dout);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        din[i] = p[i] > 0 ? p[i] : 0;
    return 0;
}

int ray_gate_guided(ray_run *run, const ray_call *call)
{
    (void)run;
    const float *p = call->dout->data, *y = call->out->data;
    float *din = call->din[0].data;
    int64_t n = ray_count(call->dout);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        din[i] = p[i] > 0 && y[i] > 0 ? p[i] : 0;
    return 0;
}
