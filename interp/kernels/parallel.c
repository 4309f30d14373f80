/* SPDX-License-Identifier: MIT */
/* parallel.c - tasks over OpenMP.  Threads beyond the lanes stay idle instead of being left out of
 * the team: a team that changes its size is costly to start. */
#include "parallel.h"

#include <omp.h>

int64_t ray_threads(void)
{
    int64_t threads = omp_get_max_threads();
    return threads < RAY_LANES ? threads : RAY_LANES;
}

int64_t ray_lanes(int64_t tasks)
{
    int64_t threads = ray_threads();
    return tasks < threads ? tasks : threads;
}

void ray_parallel(int64_t tasks, ray_task *body, void *context)
{
    int64_t lanes = ray_lanes(tasks), next = 0;
    #pragma omp parallel if (tasks > 1)
    {
        int32_t lane = omp_get_thread_num();
        while (lane < lanes) {
            int64_t task;
            #pragma omp atomic capture
            task = next++;
            if (task >= tasks)
                break;
            body(context, task, lane);
        }
    }
}
