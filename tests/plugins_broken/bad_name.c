/* SPDX-License-Identifier: MIT */
/* A name that would be a path. */
#include "ray_plugin.h"

RAY_PLUGIN({ .name = "../Gradient" });
