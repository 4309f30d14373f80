#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the example scenes, held-out scenes and label list that go with the demonstration network.

    shapes.txt                     class names, one a line
    shapes/NAME.png                example scenes
    shapes/NAME_CLASS.png          their masks: 255 where an object of CLASS is, else 0
    shapes/scenes.yaml             list of the examples: picture, classes, masks
    shapes/heldout_pictures.npy    uint8, N x H x W x 3
    shapes/heldout_masks.npy       uint8, N x H x W: 0 background, 1 + class where an object is

All scenes come from series that the network was not trained on.
"""

import argparse
import os

import numpy as np
from PIL import Image

import shapes_scenes

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE_SEED, HELDOUT_SEED = 3, 4
HELDOUT_COUNT = 64

# (index in the series, classes): indices were chosen for clear pictures
EXAMPLES = (
    (7, ("star", "circle")),
    (9, ("ring", "square")),
    (3, ("triangle", "stripes")),
    (11, ("checker", "dots")),
    (14, ("crescent", "cross")),
    (13, ("star", "ring", "stripes")),
    (6, ("circle", "dots", "square")),
    (10, ("triangle", "crescent", "checker")),
)


def write_example(folder, index, names):
    """Picture and masks of one example; its entry in scenes.yaml."""
    picture, labels = shapes_scenes.draw_scene(EXAMPLE_SEED, index, names)
    stem = "_".join(names)
    Image.fromarray(picture).save(os.path.join(folder, f"{stem}.png"), optimize=True)
    for name in names:
        mask = (labels == 1 + shapes_scenes.CLASSES.index(name)).astype(np.uint8) * 255
        Image.fromarray(mask).save(os.path.join(folder, f"{stem}_{name}.png"), optimize=True)
    masks = ", ".join(f"{name}: {stem}_{name}.png" for name in names)
    return f"- {{picture: {stem}.png, classes: [{', '.join(names)}], masks: {{{masks}}}}}\n"


def write_heldout(folder):
    """Random scenes with two or three objects."""
    scenes, index = [], 0
    while len(scenes) < HELDOUT_COUNT:
        picture, labels = shapes_scenes.draw_scene(HELDOUT_SEED, index)
        if shapes_scenes.presence(labels).sum() in (2, 3):
            scenes.append((picture, labels))
        index += 1
    np.save(
        os.path.join(folder, "heldout_pictures.npy"), np.stack([picture for picture, _ in scenes])
    )
    np.save(os.path.join(folder, "heldout_masks.npy"), np.stack([labels for _, labels in scenes]))


def main():
    parser = argparse.ArgumentParser(description="Write the example and held-out scenes.")
    parser.add_argument(
        "--output", default=HERE, metavar="DIR", help="where shapes.txt and shapes/ go"
    )
    options = parser.parse_args()
    folder = os.path.join(options.output, "shapes")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(options.output, "shapes.txt"), "w", encoding="utf-8") as file:
        file.writelines(f"{name}\n" for name in shapes_scenes.CLASSES)
    with open(os.path.join(folder, "scenes.yaml"), "w", encoding="utf-8") as file:
        file.write("# Example scenes: file names are relative to this one\n")
        file.writelines(write_example(folder, index, names) for index, names in EXAMPLES)
    write_heldout(folder)


if __name__ == "__main__":
    main()
