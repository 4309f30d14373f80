/* SPDX-License-Identifier: MIT */
/* sheet.h - maps of several methods side by side. */
#ifndef RAY_WRITE_SHEET_H
#define RAY_WRITE_SHEET_H

#include "read/picture.h"

typedef struct ray_sheet_map {
    const char  *name, *note;       /* the method; "at relu4_1" */
    const float *map;               /* height x width, any size: shown at the picture's shape */
    int64_t      height, width;
} ray_sheet_map;

/* What was explained once, in several ways. */
typedef struct ray_sheet_block {
    ray_picture          picture;   /* pixels NULL: the maps are shown alone */
    const char          *caption;   /* "star 5.92" */
    const ray_sheet_map *maps;
    int                  n_maps;
} ray_sheet_block;

/* Blocks below each other under a title (may be NULL), at most 24 of them; a last line says how
 * many there are.  A block is a picture and its maps in rows of at most five panels of one size.
 * Maps are coloured as in a figure, each with a scale of its own, drawn below it with its ends:
 * ">0.5" where some values lie beyond. */
int ray_sheet_write(const char *path, const char *title, const ray_sheet_block *blocks,
                    int n_blocks, ray_error *error);

#endif
