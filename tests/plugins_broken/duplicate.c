/* SPDX-License-Identifier: MIT */
/* A name that another plugin has. */
#include "ray_plugin.h"

RAY_PLUGIN({ .name = "gradient" });
