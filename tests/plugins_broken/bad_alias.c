/* SPDX-License-Identifier: MIT */
/* A second name that is none. */
#include "ray_plugin.h"

RAY_PLUGIN({ .name = "with_alias", .alias = "two words" });
