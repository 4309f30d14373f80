/* SPDX-License-Identifier: MIT */
/* The second method has no name: the first is not taken either. */
#include "ray_plugin.h"

RAY_PLUGIN({ .name = "named" }, { .summary = "a method without a name" });
