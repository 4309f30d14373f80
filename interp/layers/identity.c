/* SPDX-License-Identifier: MIT */
/* identity.c - a name for what is there already. */
#include "elementwise.h"

RAY_KINDS(identity) = {
    {
        .name = "identity",
        .summary = "y = x",
        .traits = RAY_SHAPE,
        .view = true,
        .infer = ray_infer_same,
    },
    { 0 }
};
