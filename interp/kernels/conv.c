/* SPDX-License-Identifier: MIT */
/* conv.c - which method computes which convolution. */
#include "conv.h"

#include "conv_methods.h"
#include "dense.h"

int64_t ray_conv_volume(const int64_t *sizes)
{
    return sizes[0] * sizes[1] * sizes[2];
}

static ray_conv_job make_job(const ray_conv_geometry *g)
{
    ray_conv_job job = { .g = *g };
    job.group_in = g->in_channels / g->groups;
    job.group_out = g->out_channels / g->groups;
    job.taps = ray_conv_volume(g->kernel);
    job.depth = job.group_in * job.taps;
    job.in_size = ray_conv_volume(g->in);
    job.out_size = ray_conv_volume(g->out);
    return job;
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

static bool is_dense(const ray_conv_job *job)
{
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        if (job->g.out[a] != 1 || job->g.before[a] != 0 || job->g.kernel[a] != job->g.in[a]
            || (job->g.kernel[a] > 1 && job->g.dilation[a] != 1))
            return false;
    }
    return job->g.groups == 1;
}

static ray_dense_sizes dense_sizes(const ray_conv_job *job)
{
    return (ray_dense_sizes){ job->g.items, job->depth, job->g.out_channels };
}

/* ---- Gradient of stride 1: the convolution of dy with the kernel turned round, if that costs less
 * than scattering columns. ---- */

static bool is_turned(const ray_conv_job *job)
{
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        if (job->g.stride[a] != 1)
            return false;
    }
    return !ray_conv_is_pointwise(job) && job->group_in * 4 > job->group_out
           && job->g.items * job->out_size > job->group_out;
}

static ray_conv_job turned_job(const ray_conv_job *job)
{
    ray_conv_geometry g = job->g;
    g.in_channels = job->g.out_channels;
    g.out_channels = job->g.in_channels;
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        g.in[a] = job->g.out[a];
        g.out[a] = job->g.in[a];
        g.before[a] = job->g.dilation[a] * (job->g.kernel[a] - 1) - job->g.before[a];
    }
    return make_job(&g);
}

/* out x in x taps of one group to in x out x taps, taps in reverse order. */
static void turn_weights(const ray_conv_job *job, RAY_REAL *turned)
{
    int64_t in = job->group_in, out = job->group_out, taps = job->taps;
    #pragma omp parallel for schedule(static)
    for (int64_t channel = 0; channel < job->g.in_channels; channel++) {
        int64_t group = channel / in, c = channel % in;
        RAY_REAL *to = turned + channel * out * taps;
        for (int64_t o = 0; o < out; o++) {
            const RAY_REAL *from = job->weight + ((group * out + o) * in + c) * taps;
            for (int64_t t = 0; t < taps; t++)
                to[o * taps + t] = from[taps - 1 - t];
        }
    }
}

static void gradient_turned(const ray_conv_job *job)
{
    int64_t weights = ray_conv_align(job->g.out_channels * job->depth);
    ray_conv_job turned = turned_job(job);
    turn_weights(job, job->work);
    turned.from = job->from;
    turned.weight = job->work;
    turned.to = job->to;
    turned.work = job->work + weights;
    ray_conv_product(&turned);
}

static int64_t turned_workspace(const ray_conv_job *job)
{
    ray_conv_job turned = turned_job(job);
    return ray_conv_align(job->g.out_channels * job->depth) + ray_conv_product_workspace(&turned);
}

/* ---- The choice ---- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t ray_conv_workspace(const ray_conv_geometry *geometry)
{
    ray_conv_job job = make_job(geometry);
    if (ray_conv_filter_fits(&job))
        return larger(ray_conv_filter_workspace(&job, false),
                      ray_conv_filter_workspace(&job, true));
    if (is_dense(&job))
        return 0;
    int64_t gradient = is_turned(&job) ? turned_workspace(&job) : ray_conv_scatter_workspace(&job);
    return larger(ray_conv_product_workspace(&job), gradient);
}

void ray_conv_forward(const ray_conv_geometry *geometry, const RAY_REAL *x, const RAY_REAL *weight,
                      const RAY_REAL *bias, RAY_REAL *y, RAY_REAL *work)
{
    ray_conv_job job = make_job(geometry);
    job.from = x;
    job.weight = weight;
    job.bias = bias;
    job.to = y;
    job.work = work;
    if (ray_conv_filter_fits(&job))
        ray_conv_filter(&job, false);
    else if (is_dense(&job))
        ray_dense_forward(dense_sizes(&job), x, weight, bias, y);
    else
        ray_conv_product(&job);
}

void ray_conv_gradient(const ray_conv_geometry *geometry, const RAY_REAL *dy,
                       const RAY_REAL *weight, RAY_REAL *dx, RAY_REAL *work)
{
    ray_conv_job job = make_job(geometry);
    job.from = dy;
    job.weight = weight;
    job.to = dx;
    job.work = work;
    if (ray_conv_filter_fits(&job))
        ray_conv_filter(&job, true);
    else if (is_dense(&job))
        ray_dense_gradient(dense_sizes(&job), dy, weight, dx);
    else if (is_turned(&job))
        gradient_turned(&job);
    else
        ray_conv_scatter(&job);
}
