/* SPDX-License-Identifier: MIT */
/* conv.c - which method computes which convolution. */
#include "conv.h"

#include <string.h>

#include "conv_methods.h"

int64_t ray_conv_volume(const int64_t *sizes)
{
    return sizes[0] * sizes[1] * sizes[2];
}

bool ray_conv_is_pointwise(const ray_conv_job *job)
{
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        if (job->g.kernel[a] != 1 || job->g.stride[a] != 1 || job->g.before[a] != 0
            || job->g.in[a] != job->g.out[a])
            return false;
    }
    return true;
}

ray_conv_job ray_conv_job_make(const ray_conv_geometry *g)
{
    ray_conv_job job = { .g = *g, .machine = ray_machine_get() };
    job.group_in = g->in_channels / g->groups;
    job.group_out = g->out_channels / g->groups;
    job.taps = ray_conv_volume(g->kernel);
    job.depth = job.group_in * job.taps;
    job.in_size = ray_conv_volume(g->in);
    job.out_size = ray_conv_volume(g->out);
    return job;
}

/* ---- The choice: the first that fits ---- */

static const ray_conv_method *const methods[] = {
    &ray_conv_depthwise, &ray_conv_filter, &ray_conv_dense, &ray_conv_winograd, &ray_conv_slab,
    &ray_conv_turned, &ray_conv_scatter, &ray_conv_product
};

static const ray_conv_method *choose(const ray_conv_job *job)
{
    int i = 0;
    while (!methods[i]->fits(job))
        i++;
    return methods[i];
}

static ray_conv_job job_of(const ray_conv_geometry *geometry, const ray_conv_call *call)
{
    ray_conv_job job = ray_conv_job_make(geometry);
    job.gradient = call->gradient;
    job.from = call->from;
    job.weight = call->weight;
    job.bias = call->gradient ? NULL : call->bias;
    job.prepared = call->prepared;
    job.clamp = call->clamp;
    job.to = call->to;
    job.work = call->work;
    return job;
}

/* ---- What a method does not do itself ---- */

static int64_t weights_of(const ray_conv_job *job)
{
    return job->g.out_channels * job->depth;
}

static bool must_clamp(const ray_conv_job *job, const ray_conv_method *method)
{
    return job->clamp != RAY_CLAMP_NONE && !method->clamps;
}

static void clamp_weights(ray_conv_job *job)
{
    const RAY_REAL *from = job->weight;
    RAY_REAL sign = job->clamp == RAY_CLAMP_POSITIVE ? 1 : -1, *to = job->work;
    int64_t n = weights_of(job);
    #pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; i++)
        to[i] = sign * from[i] > 0 ? sign * from[i] : 0;
    job->weight = job->work;
    job->work += ray_conv_align(n);
}

/* The result: channels and numbers of one of them. */
static int64_t result_channels(const ray_conv_job *job)
{
    return job->gradient ? job->g.in_channels : job->g.out_channels;
}

static int64_t result_size(const ray_conv_job *job)
{
    return job->gradient ? job->in_size : job->out_size;
}

/* Room for what is to be added, lest sums overwrite it: the method does not finish itself. */
static int64_t kept_numbers(const ray_conv_job *job, const ray_finish *finish)
{
    if (!finish || !finish->add)
        return 0;
    return ray_conv_align(job->g.items * result_channels(job) * result_size(job));
}

static void run_and_finish(ray_conv_job *job, const ray_conv_method *method,
                           const ray_finish *finish)
{
    ray_finish after = *finish;
    if (finish->add == job->to) {
        int64_t n = job->g.items * result_channels(job) * result_size(job);
        memcpy(job->work, finish->add, (size_t)n * sizeof *job->work);
        after.add = job->work;
    }
    job->work += kept_numbers(job, finish);
    method->run(job);
    ray_finish_all(&after, job->g.items, result_channels(job), result_size(job), job->to);
}

/* ---- Calls ---- */

int64_t ray_conv_call_workspace(const ray_conv_geometry *geometry, const ray_conv_call *call)
{
    ray_conv_job job = job_of(geometry, call);
    const ray_conv_method *method = choose(&job);
    int64_t own = method->workspace ? method->workspace(&job) : 0;
    return own + (must_clamp(&job, method) ? ray_conv_align(weights_of(&job)) : 0)
           + (method->finishes ? 0 : kept_numbers(&job, call->finish));
}

void ray_conv_compute(const ray_conv_geometry *geometry, const ray_conv_call *call)
{
    ray_conv_job job = job_of(geometry, call);
    const ray_conv_method *method = choose(&job);
    if (must_clamp(&job, method))
        clamp_weights(&job);
    if (call->finish && !method->finishes) {
        run_and_finish(&job, method, call->finish);
        return;
    }
    job.finish = call->finish;
    method->run(&job);
}

int64_t ray_conv_prepared(const ray_conv_geometry *geometry, bool gradient)
{
    ray_conv_job job = job_of(geometry, &(ray_conv_call){ .gradient = gradient });
    const ray_conv_method *method = choose(&job);
    return method->prepared ? method->prepared(&job) : 0;
}

void ray_conv_prepare(const ray_conv_geometry *geometry, bool gradient, ray_clamp clamp,
                      const RAY_REAL *weight, RAY_REAL *prepared)
{
    ray_conv_call call = { .gradient = gradient, .weight = weight, .clamp = clamp };
    ray_conv_job job = job_of(geometry, &call);
    const ray_conv_method *method = choose(&job);
    if (method->prepare)
        method->prepare(&job, prepared);
}

const char *ray_conv_method_name(const ray_conv_geometry *geometry, bool gradient,
                                 const char **reason)
{
    ray_conv_job job = job_of(geometry, &(ray_conv_call){ .gradient = gradient });
    const ray_conv_method *method = choose(&job);
    *reason = method->reason;
    return method->name;
}

int64_t ray_conv_workspace(const ray_conv_geometry *geometry)
{
    int64_t forward = ray_conv_call_workspace(geometry, &(ray_conv_call){ .gradient = false });
    int64_t gradient = ray_conv_call_workspace(geometry, &(ray_conv_call){ .gradient = true });
    return forward > gradient ? forward : gradient;
}

void ray_conv_forward(const ray_conv_geometry *geometry, const RAY_REAL *x, const RAY_REAL *weight,
                      const RAY_REAL *bias, RAY_REAL *y, RAY_REAL *work)
{
    ray_conv_call call = { .from = x, .weight = weight, .bias = bias, .to = y, .work = work };
    ray_conv_compute(geometry, &call);
}

void ray_conv_gradient(const ray_conv_geometry *geometry, const RAY_REAL *dy,
                       const RAY_REAL *weight, RAY_REAL *dx, RAY_REAL *work)
{
    ray_conv_call call = { .gradient = true, .from = dy, .weight = weight, .to = dx, .work = work };
    ray_conv_compute(geometry, &call);
}
