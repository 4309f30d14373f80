/* SPDX-License-Identifier: MIT */
/* layer_subject.h - one layer kind with settings and shapes, ready to be computed: for tests. */
#ifndef RAY_TESTS_LAYER_SUBJECT_H
#define RAY_TESTS_LAYER_SUBJECT_H

#include "base/random.h"
#include "layers/kind.h"

enum { MOST_INPUTS = 8 };

typedef struct subject {
    const ray_kind *kind;
    char           *settings;                   /* the words that the options point to */
    void           *options;
    ray_shape       in[MOST_INPUTS], out, weight[RAY_MAX_WEIGHTS];
    int32_t         n_in;
    ray_tensor      weights[RAY_MAX_WEIGHTS];   /* random; running_var is positive */
} subject;

/* settings and inputs as in layer_cases.h.  0, or -1 with the error; close it in either case. */
int  subject_open(subject *s, const char *kind, const char *settings, const char *inputs,
                  ray_random *random, ray_error *error);
void subject_close(subject *s);

/* A tensor for a batch, NaN everywhere; free(data). */
ray_tensor subject_tensor(const ray_shape *shape, int64_t batch);

/* Distinct values in each item, in -2 range ... 2 range, or for a range below 0 in -range ... -5 range;
 * clear of the kinks of activations. */
void subject_fill(ray_tensor *tensor, double range, ray_random *random);

/* in[n_in] to out. */
void subject_forward(const subject *s, const ray_tensor *in, ray_tensor *out);

/* dout to din[n_in], those with data.  in and out are shown to the layer only as far as it asks. */
void subject_backward(const subject *s, const ray_tensor *in, const ray_tensor *out,
                      const ray_tensor *dout, ray_tensor *din);

#endif
