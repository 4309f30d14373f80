/* SPDX-License-Identifier: MIT */
/* conv_dense.c - a kernel that covers the whole input: a fully connected layer. */
#include "conv_methods.h"
#include "dense.h"

static bool fits(const ray_conv_job *job)
{
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        if (job->g.out[a] != 1 || job->g.before[a] != 0 || job->g.kernel[a] != job->g.in[a]
            || (job->g.kernel[a] > 1 && job->g.dilation[a] != 1))
            return false;
    }
    return job->g.groups == 1;
}

static void run(const ray_conv_job *job)
{
    ray_dense_compute(&(ray_dense_call){
        .sizes = { job->g.items, job->depth, job->g.out_channels },
        .gradient = job->gradient,
        .from = job->from,
        .weight = job->weight,
        .bias = job->bias,
        .clamp = job->clamp,
        .finish = job->finish,
        .channel = job->gradient ? job->in_size : 1,
        .to = job->to,
    });
}

const ray_conv_method ray_conv_dense = {
    .name = "dense",
    .reason = "the kernel covers the whole input: a fully connected layer",
    .fits = fits,
    .run = run,
    .clamps = true,
    .finishes = true,
};
