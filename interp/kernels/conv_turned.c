/* SPDX-License-Identifier: MIT */
/* conv_turned.c - the input gradient of stride 1: the convolution of dy with the kernel turned
 * round. */
#include "conv_methods.h"

ray_conv_job ray_conv_turn(const ray_conv_job *job)
{
    ray_conv_geometry g = job->g;
    g.in_channels = job->g.out_channels;
    g.out_channels = job->g.in_channels;
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        g.in[a] = job->g.out[a];
        g.out[a] = job->g.in[a];
        g.before[a] = job->g.dilation[a] * (job->g.kernel[a] - 1) - job->g.before[a];
    }
    ray_conv_job turned = ray_conv_job_make(&g);
    turned.turned = true;
    turned.from = job->from;
    turned.weight = job->weight;
    turned.prepared = job->prepared;
    turned.clamp = job->clamp;
    turned.finish = job->finish;
    turned.to = job->to;
    turned.work = job->work;
    return turned;
}

/* If it costs less than scattering columns. */
static bool fits(const ray_conv_job *job)
{
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        if (job->g.stride[a] != 1)
            return false;
    }
    return job->gradient && !ray_conv_is_pointwise(job) && job->group_in * 4 > job->group_out
           && job->out_size > job->group_out;
}

static int64_t workspace(const ray_conv_job *job)
{
    ray_conv_job turned = ray_conv_turn(job);
    return ray_conv_align(job->g.out_channels * job->depth) + ray_conv_product.workspace(&turned);
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

static void run(const ray_conv_job *job)
{
    ray_conv_job turned = ray_conv_turn(job);
    turn_weights(job, job->work);
    turned.weight = job->work;
    turned.turned = false;
    turned.work = job->work + ray_conv_align(job->g.out_channels * job->depth);
    ray_conv_product.run(&turned);
}

const ray_conv_method ray_conv_turned = {
    .name = "turned",
    .reason = "gradient of stride 1: gathering dy costs less than scattering columns",
    .fits = fits,
    .workspace = workspace,
    .run = run,
};
