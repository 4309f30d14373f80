/* SPDX-License-Identifier: MIT */
/* A second name that another plugin has as its first. */
#include "ray_plugin.h"

RAY_PLUGIN({ .name = "newcomer", .alias = "gradient" });
