/* SPDX-License-Identifier: MIT */
/* One name for two methods. */
#include "ray_plugin.h"

RAY_PLUGIN({ .name = "twin" }, { .name = "twin" });
