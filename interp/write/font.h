/* SPDX-License-Identifier: MIT */
/* font.h - a bitmap font for the printable ASCII characters. */
#ifndef RAY_WRITE_FONT_H
#define RAY_WRITE_FONT_H

enum {
    RAY_GLYPH_WIDTH = 5,    /* dots across */
    RAY_GLYPH_HEIGHT = 9    /* dots down: 7 above the base line, 2 below */
};

/* One byte for each row of dots; bit 4 is the leftmost.  Other characters look like '?'. */
const unsigned char *ray_font_glyph(unsigned char character);

#endif
