/* SPDX-License-Identifier: MIT */
/* services.h - what a plugin can ask of the host, by subject; services.c puts the table together.
 * The contracts are those of ray_host in ray_plugin.h. */
#ifndef RAY_HOST_SERVICES_H
#define RAY_HOST_SERVICES_H

#include "session.h"

/* words.c */
int ray_service_fail(ray_run *run, const char *format, ...);
int ray_service_note(ray_run *run, const char *format, ...);
int ray_service_caution(ray_run *run, const ray_layer *layer, const char *text);

/* evaluation.c: the network on the image or on a batch of the method's own */
int ray_service_keep(ray_run *run, const char *activation);
int ray_service_end_at(ray_run *run, const char *activation);
ray_tensor *ray_service_batch(ray_run *run, int64_t n);
int ray_service_forward(ray_run *run);
int ray_service_backward(ray_run *run, const ray_pass *pass);
const ray_tensor *ray_service_output(ray_run *run);
const ray_tensor *ray_service_value(ray_run *run, const char *activation);
const ray_tensor *ray_service_signal(ray_run *run, const char *activation);

/* layers.c */
int ray_service_layer_forward(ray_run *run, const ray_call *call, const ray_tensor *in,
                              const ray_tensor *weight, ray_tensor *out);
int ray_service_layer_backward(ray_run *run, const ray_call *call, const ray_tensor *in,
                               const ray_tensor *out, const ray_tensor *weight,
                               const ray_tensor *dout, ray_tensor *din);
const ray_layer *ray_service_layer_at(ray_run *run, int32_t index);
const ray_layer *ray_service_layer_named(ray_run *run, const char *name);
int ray_service_clamped_forward(ray_run *run, const ray_call *call, int sign, const ray_tensor *in,
                                ray_tensor *out);
int ray_service_clamped_backward(ray_run *run, const ray_call *call, int sign,
                                 const ray_tensor *dout, ray_tensor *din);
const ray_layer *ray_service_layer_input(ray_run *run, const ray_layer *layer, int32_t k);
const ray_tensor *ray_service_layer_scale(ray_run *run, const ray_layer *layer);

/* long_work.c */
int     ray_service_progress(ray_run *run, int64_t done, int64_t total);
int64_t ray_service_resume(ray_run *run, const ray_block *blocks, int32_t n);

/* extras.c: what is handed out beside the map */
ray_tensor *ray_service_array(ray_run *run, const ray_array *array);
int ray_service_numbers(ray_run *run, const char *name, int32_t n, const double *values);

#endif
