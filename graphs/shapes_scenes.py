#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Synthetic colour scenes with ground truth: shapes and textured patches on a cluttered background.

A scene is a function of (seed, index) alone.  It is drawn four times too large and averaged down,
so edges are smooth.  `draw_scene` returns a picture (H x W x 3, uint8) and a label map (H x W,
uint8): 0 is background, 1 + class marks the pixels that an object of that class covers by at least
half.  Objects never overlap.
"""

import argparse
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 80  # pixels along a side
OVER = 4  # oversampling
MIN_RADIUS, MAX_RADIUS = 9.0, 15.0
MIN_CONTRAST = 0.40  # distance in RGB (0..1 each) between an object and the background under it


# --- Classes: predicates in the object's own frame, where it fits the unit disc ------------------


def half_polygon(u, v, points, inner):
    """Regular figure: `points` corners at radius 1 and, between each two, a corner at `inner`."""
    sector = np.pi / points
    angle = np.abs((np.arctan2(u, v) + sector) % (2 * sector) - sector)
    radius = np.hypot(u, v)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    corner_x, corner_y = inner * np.cos(sector), inner * np.sin(sector)
    return (x - 1) * corner_y + y * (1 - corner_x) < 0


def star(u, v):
    return half_polygon(u, v, 5, 0.42)


def circle(u, v):
    return u * u + v * v < 0.85


def triangle(u, v):
    return half_polygon(u, v, 3, 0.5)


def square(u, v):
    return np.maximum(abs(u), abs(v)) < 0.76


def ring(u, v):
    radius = np.hypot(u, v)
    return (radius > 0.56) & (radius < 0.96)


def cross(u, v):
    return (np.minimum(abs(u), abs(v)) < 0.27) & (np.maximum(abs(u), abs(v)) < 0.92)


def crescent(u, v):
    return (u * u + v * v < 1) & ((u - 0.52) ** 2 + v * v > 0.62)


def patch(u, v, phase):
    """A wobbly outline, the same for all textures, so that only the texture tells them apart."""
    angle = np.arctan2(u, v)
    wave3, wave5 = np.sin(3 * angle + phase), np.sin(5 * angle - 2 * phase)
    return np.hypot(u, v) < 0.86 + 0.08 * wave3 + 0.05 * wave5


def stripes(u, v):
    return np.sin(u * 10.0) > 0


def checker(u, v):
    return np.sin(u * 6.8) * np.sin(v * 6.8) > 0


def dots(u, v):
    step = 0.56
    row = np.floor(v / step)
    du = (u / step + 0.5 * (row % 2)) % 1 - 0.5
    dv = v / step - row - 0.5
    return np.hypot(du, dv) < 0.30


SHAPES = {
    "star": star,
    "circle": circle,
    "triangle": triangle,
    "square": square,
    "ring": ring,
    "cross": cross,
    "crescent": crescent,
}
TEXTURES = {"stripes": stripes, "checker": checker, "dots": dots}
CLASSES = tuple(SHAPES) + tuple(TEXTURES)


# --- Background ----------------------------------------------------------------------------------


def random_colour(rng, low=0.0, high=1.0):
    return rng.uniform(low, high, 3)


def gradient(rng, side):
    """Four corner colours, blended bilinearly, around a common tone."""
    corners = np.clip(random_colour(rng, 0.15, 0.85) + rng.uniform(-0.22, 0.22, (2, 2, 3)), 0, 1)
    t = np.linspace(0, 1, side)[:, None, None]
    rows = corners[0][None] * (1 - t) + corners[1][None] * t
    s = np.linspace(0, 1, side)[None, :, None]
    return rows[:, :1] * (1 - s) + rows[:, 1:] * s


def cloud(rng, side, cells, strength):
    """Smooth coloured noise with about `cells` bumps along a side."""
    grid = (rng.uniform(0, 255, (cells, cells, 3))).astype(np.uint8)
    smooth = Image.fromarray(grid).resize((side, side), Image.BICUBIC)
    return (np.asarray(smooth, dtype=np.float64) / 255 - 0.5) * strength


def pen(rng):
    return tuple(int(c) for c in random_colour(rng, 20, 235))


def draw_lines(rng, canvas, side):
    for _ in range(rng.integers(2, 7)):
        ends = [float(c) for c in rng.uniform(-0.1, 1.1, 4) * side]
        canvas.line(ends, fill=pen(rng), width=int(rng.integers(2, 7)))


def draw_scribbles(rng, canvas, side):
    for _ in range(rng.integers(1, 4)):
        turn = np.cumsum(rng.normal(0, 0.45, 40))
        steps = np.stack([np.cos(turn), np.sin(turn)], 1) * side / 40
        path = rng.uniform(0.1, 0.9, 2) * side + np.cumsum(steps, 0)
        points = [tuple(p) for p in path.tolist()]
        canvas.line(points, fill=pen(rng), width=int(rng.integers(2, 8)), joint="curve")


def draw_specks(rng, canvas, side):
    for _ in range(rng.integers(4, 16)):
        centre = rng.uniform(0, side, 2)
        corners = centre + rng.uniform(-1, 1, (rng.integers(3, 6), 2)) * side / 40
        canvas.polygon([tuple(p) for p in corners.tolist()], fill=pen(rng))


def draw_blobs(rng, picture):
    """Large soft spots without an edge."""
    for _ in range(rng.integers(2, 6)):
        spot = Image.new("L", picture.size)
        centre, radii = rng.uniform(0, SIZE, 2), rng.uniform(0.06, 0.22, 2) * SIZE
        box = [tuple((centre - radii).tolist()), tuple((centre + radii).tolist())]
        ImageDraw.Draw(spot).ellipse(box, fill=int(rng.integers(60, 170)))
        picture.paste(pen(rng), mask=spot.filter(ImageFilter.GaussianBlur(5)))


def draw_background(rng, side):
    """What is smooth at the final size, what has edges at the oversampled one."""
    field = gradient(rng, SIZE) + cloud(rng, SIZE, 5, 0.25) + cloud(rng, SIZE, 12, 0.15)
    smooth = Image.fromarray((np.clip(field, 0, 1) * 255).astype(np.uint8))
    draw_blobs(rng, smooth)
    picture = smooth.resize((side, side), Image.BILINEAR)
    canvas = ImageDraw.Draw(picture)
    draw_lines(rng, canvas, side)
    draw_scribbles(rng, canvas, side)
    draw_specks(rng, canvas, side)
    return np.asarray(picture, dtype=np.float32) / 255


# --- Objects -------------------------------------------------------------------------------------


def place_objects(rng, count):
    """Centres and radii (pixels) of up to `count` discs inside the picture that do not touch."""
    discs = []
    for _ in range(200):
        radius = rng.uniform(MIN_RADIUS, MAX_RADIUS)
        x, y = rng.uniform(radius + 1, SIZE - radius - 1, 2)
        if all(np.hypot(x - a, y - b) > radius + r + 2 for a, b, r in discs):
            discs.append((x, y, radius))
        if len(discs) == count:
            break
    return discs


def contrasting_colour(rng, *others):
    while True:
        colour = random_colour(rng)
        if all(np.linalg.norm(colour - o) > MIN_CONTRAST for o in others):
            return colour


def object_frame(rng, x, y, radius, side):
    """Window of the oversampled canvas around the disc, coordinates in the object's own frame."""
    low = [max(0, int((c - radius) * OVER) - 1) for c in (y, x)]
    high = [min(side, int((c + radius) * OVER) + 2) for c in (y, x)]
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    rows, columns = np.mgrid[window]
    dv = ((rows + 0.5) / OVER - y) / radius
    du = ((columns + 0.5) / OVER - x) / radius
    turn = rng.uniform(0, 2 * np.pi)
    return window, du * np.cos(turn) - dv * np.sin(turn), du * np.sin(turn) + dv * np.cos(turn)


def draw_object(rng, canvas, cover, name, disc):
    """Paint one object on the oversampled canvas and mark its pixels in `cover`."""
    window, u, v = object_frame(rng, *disc, canvas.shape[0])
    under = canvas[window].mean((0, 1))
    colour = contrasting_colour(rng, under)
    shade = 1 + rng.uniform(0.05, 0.18) * v[..., None]
    if name in SHAPES:
        inside, paint = SHAPES[name](u, v), colour * shade
    else:
        second = contrasting_colour(rng, under, colour)
        inside = patch(u, v, rng.uniform(0, 2 * np.pi))
        paint = np.where(TEXTURES[name](u, v)[..., None], colour, second) * shade
    canvas[window] = np.where(inside[..., None], np.clip(paint, 0, 1), canvas[window])
    cover[window][inside] = 1 + CLASSES.index(name)


def shrink(array):
    """Mean over OVER x OVER cells."""
    side = array.shape[0] // OVER
    rows = array.reshape(side, OVER, -1).mean(1)
    return rows.reshape(side, side, OVER, -1).mean(2)


def shrink_labels(cover):
    labels = np.zeros((SIZE, SIZE), np.uint8)
    for value in np.unique(cover[::OVER, ::OVER]):
        labels[shrink(cover == value)[..., 0] >= 0.5] = value
    return labels


def draw_scene(seed, index, names=None):
    """Scene `index` of the series `seed`: (picture, labels).

    `names` asks for one object of each class named; without, 1 to 4 different ones at random.
    """
    rng = np.random.default_rng([seed, index])
    if names is None:
        names = rng.permutation(CLASSES)[: rng.choice([1, 2, 3, 4], p=[0.1, 0.3, 0.35, 0.25])]
    side = SIZE * OVER
    canvas = draw_background(rng, side)
    cover = np.zeros((side, side), np.uint8)
    for name, disc in zip(names, place_objects(rng, len(names))):
        draw_object(rng, canvas, cover, str(name), disc)
    picture = shrink(canvas) + rng.normal(0, rng.uniform(0.0, 0.03), (SIZE, SIZE, 3))
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8), shrink_labels(cover)


def presence(labels):
    """One flag a class: is it in the scene?"""
    return np.isin(np.arange(1, len(CLASSES) + 1), labels)


def main():
    parser = argparse.ArgumentParser(description="Draw scenes: N.png and N_labels.png.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--output", default=".", metavar="DIR")
    options = parser.parse_args()
    os.makedirs(options.output, exist_ok=True)
    for index in range(options.count):
        picture, labels = draw_scene(options.seed, index)
        Image.fromarray(picture).save(os.path.join(options.output, f"{index}.png"))
        Image.fromarray(labels).save(os.path.join(options.output, f"{index}_labels.png"))


if __name__ == "__main__":
    main()
