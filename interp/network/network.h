/* SPDX-License-Identifier: MIT */
/* network.h - a graph with its weights and labels: inside ray_network.  Constant once open. */
#ifndef RAY_NETWORK_NETWORK_H
#define RAY_NETWORK_NETWORK_H

#include "graph/graph.h"
#include "onnx/import.h"
#include "prepared.h"
#include "read/weights.h"

typedef struct ray_labels { char *text; char **name; int64_t n; } ray_labels;

struct ray_network {
    ray_description description;
    ray_graph       graph;
    ray_onnx_import *imported;      /* NULL: from a graph file */
    ray_weights    *file;           /* NULL: random or none */
    RAY_REAL       *random;         /* NULL: from a file or none */
    ray_prepared   *prepared;       /* changes, under its own lock */
    ray_tensor     *weights;        /* by activation id minus graph.first_weight; NULL: none */
    ray_labels      labels;
    char           *example_input;
};

/* One class a line, UTF-8; a byte order mark and empty lines at the end do not count. */
int  ray_labels_read(ray_labels *labels, const char *path, ray_error *error);
void ray_labels_free(ray_labels *labels);

/* Every layer that `defaults:` names is one of the graph. */
int  ray_defaults_check(const ray_network *network, ray_error *error);

/* Finds, checks and takes every weight of the graph; every tensor of the file must be used.  path
 * NULL: from the ONNX model that the network was imported from. */
int ray_weights_bind(ray_network *network, const char *path, ray_error *error);

/* Weights a trained network might have: variance kept through layers, the same for a seed. */
int ray_weights_randomize(ray_network *network, uint64_t seed, ray_error *error);

/* Refuses to run a network opened without weights. */
int ray_network_check_runnable(const ray_network *network, ray_error *error);
/* An input's dims against the graph's; its numbers are finite. */
int ray_network_check_input(const ray_network *network, const ray_tensor *input, ray_error *error);

#endif
