# SPDX-License-Identifier: MIT
"""The rows of the benchmark, as data.

A row is a method on a network.  `aims` maps the sizes of batches that are timed to the ratio torch / rayinterp that
is aimed at.  `needs` says what the other side is: plain torch, or the reference package torchray on torch.  `steps`
names what is counted where a method takes steps: then the time is that of one step, and `settings` ask for just a
few of them ({batch} and {masks} are filled in)."""
from collections import namedtuple

Row = namedtuple("Row", "network method layer settings aims needs steps", defaults=(None, (), {}, "torch", ""))

MASKS = 4           # batches of masks, and iterations, of one timed call
CONTRAST = ("contrast_layer=features.30", "classifier_layer=classifier.6")
RISE = ("num_masks={masks}", "batch_size={batch}", "seed=1")

ROWS = [
    Row("vgg16", "forward", aims={1: 3.3, 8: 3.3}),
    Row("vgg16", "gradient", aims={1: 3, 8: 3}),
    Row("vgg16", "guided_backprop", aims={1: 3, 8: 3}),
    Row("vgg16", "ebp", "features.9", aims={1: 4.5}, needs="torchray"),
    Row("vgg16", "contrastive_ebp", "features.9", CONTRAST, {1: 4.5}, "torchray"),
    Row("vgg16", "grad_cam", "features.29", aims={1: 3}),
    Row("vgg16", "rise", None, RISE, {1: 3.3}, "torchray", "mask"),
    Row("vgg16", "extremal_perturbation", None, (f"max_iter={MASKS}",), {1: 3}, "torchray", "iteration"),
    Row("resnet50", "forward", aims={1: 1.7, 8: 1.5}),
    Row("resnet50", "gradient", aims={1: 1.6, 8: 1.5}),
    Row("resnet50", "ebp", "layer3", aims={1: 1.6, 8: 1.5}, needs="torchray"),
    Row("squeezenet1_1", "gradient", aims={1: 1.5, 8: 1.3}),
    Row("mobilenet_v2", "gradient", aims={1: 1.5, 8: 1.3}),
    Row("alexnet", "gradient", aims={1: 1.5, 8: 1.3}),
    Row("efficientnet_lite0", "gradient", aims={1: 1.5, 8: 1.3}),
    Row("densenet121", "gradient", aims={1: 1.5, 8: 1.3}),
]

# What only makes sense once a process: times faster, and times the memory.
START_AIM = 50
MEMORY_ROW = Row("vgg16", "ebp", "features.9", aims={1: 1 / 0.6}, needs="torchray")

TITLES = {
    "vgg16": "VGG16", "resnet50": "ResNet50", "squeezenet1_1": "SqueezeNet 1.1", "mobilenet_v2": "MobileNetV2",
    "alexnet": "AlexNet", "efficientnet_lite0": "EfficientNet-Lite0", "densenet121": "DenseNet121",
}


def title(row):
    where = f" at {row.layer}" if row.layer else ""
    step = f", one {row.steps}" if row.steps else ""
    return f"{TITLES[row.network]} {row.method}{where}{step}"


def place(what, batch, threads):
    """Which figure it is, in words."""
    items = f", batch {batch}" if batch else ""
    return f"{what}{items}, {threads} thread{'s' if threads > 1 else ''}"


def request(row, batch, threads):
    """The line that asks a side for the time of one call."""
    settings = [setting.format(batch=batch, masks=MASKS * batch) for setting in row.settings]
    items = 1 if row.steps else batch
    return " ".join(map(str, ["time", row.method, items, batch, threads, row.layer or "-", *settings]))


def select(pattern):
    """(row, batch) pairs whose title and batch match a compiled regular expression."""
    return [(row, batch) for row in ROWS for batch in row.aims
            if pattern.search(f"{title(row)}, batch {batch}")]
