#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train the demonstration network on synthetic scenes and write its weights and its accuracy.

The network answers, for each class, whether the scene contains it (one logit a class, binary
cross-entropy); it is told neither where the objects are nor how many.  Batch norm helps the
training and is folded into the convolutions before the weights are written, so what is shipped is
convolutions, ReLUs, pooling and one linear layer.  The same seed on the same machine and torch
gives the same weights.

    python3 graphs/shapes_train.py            10 to 15 minutes on two cores
"""

import argparse
import multiprocessing
import os
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import shapes_scenes
from export_state_dict import write_safetensors

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = shapes_scenes.CLASSES
TRAIN_SEED, TEST_SEED = 1, 2  # series of scenes
TEST_COUNT = 4000
MEAN, STD = 0.5, 0.25  # of every channel, as in shapes.yaml

# (layer, channels) for a 3x3 convolution with a ReLU, or a name for a 2x2 max pooling
STRUCTURE = (("conv1", 16), "pool1",
             ("conv2_1", 32), ("conv2_2", 32), "pool2",
             ("conv3_1", 64), ("conv3_2", 64), "pool3",
             ("conv4_1", 96), ("conv4_2", 96))


class Shapes(nn.Module):
    """Logits for N x 3 x H x W; while training, batch norm after each convolution."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict()
        channels = 3
        for entry in STRUCTURE:
            if not isinstance(entry, str):
                name, wide = entry
                self.layers[name] = nn.ModuleDict(
                    {
                        "conv": nn.Conv2d(channels, wide, 3, padding=1, bias=False),
                        "norm": nn.BatchNorm2d(wide),
                    }
                )
                channels = wide
        self.classifier = nn.Linear(channels, len(CLASSES))

    def features(self, x):
        for entry in STRUCTURE:
            if isinstance(entry, str):
                x = F.max_pool2d(x, 2)
            else:
                layer = self.layers[entry[0]]
                x = F.relu(layer["norm"](layer["conv"](x)))
        return x

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))

    def folded(self):
        """{name: tensor} of the same function without batch norm."""
        tensors = {
            "classifier.weight": self.classifier.weight,
            "classifier.bias": self.classifier.bias,
        }
        for name, layer in self.layers.items():
            norm = layer["norm"]
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            tensors[f"{name}.weight"] = layer["conv"].weight * scale[:, None, None, None]
            tensors[f"{name}.bias"] = norm.bias - norm.running_mean * scale
        return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def run_folded(tensors, x):
    """The shipped network: logits for preprocessed pictures."""
    for entry in STRUCTURE:
        if isinstance(entry, str):
            x = F.max_pool2d(x, 2)
        else:
            weight, bias = tensors[entry[0] + ".weight"], tensors[entry[0] + ".bias"]
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
    return F.linear(x.mean((2, 3)), tensors["classifier.weight"], tensors["classifier.bias"])


# --- Data ----------------------------------------------------------------------------------------


def draw_one(job):
    picture, labels = shapes_scenes.draw_scene(*job)
    return picture, shapes_scenes.presence(labels)


def draw_series(seed, count):
    """Pictures (N x 3 x H x W, uint8) and presence flags (N x classes, float)."""
    with multiprocessing.Pool(2) as pool:
        scenes = pool.map(draw_one, [(seed, index) for index in range(count)], chunksize=64)
    pictures = np.stack([picture for picture, _ in scenes]).transpose(0, 3, 1, 2)
    flags = np.stack([flags for _, flags in scenes]).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(pictures)), torch.from_numpy(flags)


def load_series(seed, count, cache):
    """As draw_series, kept in the folder `cache` when one is named."""
    path = cache and os.path.join(cache, f"shapes-{seed}-{count}.pt")
    if path and os.path.exists(path):
        return torch.load(path)
    series = draw_series(seed, count)
    if path:
        torch.save(series, path)
    return series


def preprocess(pictures):
    return (pictures.float() / 255 - MEAN) / STD


def augment(pictures, random):
    """Mirror, transpose and permute the colours of each picture at random."""
    for change in (lambda x: x.flip(2), lambda x: x.flip(3), lambda x: x.transpose(2, 3)):
        chosen = torch.rand(len(pictures), generator=random) < 0.5
        pictures = torch.where(chosen[:, None, None, None], change(pictures), pictures)
    order = torch.rand(len(pictures), 3, generator=random).argsort(1)
    return pictures.gather(1, order[:, :, None, None].expand_as(pictures))


# --- Training ------------------------------------------------------------------------------------


def train_epoch(model, data, optimizer, schedule, options, random):
    pictures, flags = data
    model.train()
    total = 0.0
    order = torch.randperm(len(pictures), generator=random)
    for chosen in order.split(options.batch)[: len(order) // options.batch]:
        features = model.features(preprocess(augment(pictures[chosen], random)))
        logits = model.classifier(features.mean((2, 3)))
        loss = F.binary_cross_entropy_with_logits(logits, flags[chosen])
        optimizer.zero_grad()
        (loss + options.sparsity * features.mean()).backward()
        optimizer.step()
        schedule.step()
        total += loss.item()
    return total / (len(order) // options.batch)


def train(data, options):
    random = torch.Generator().manual_seed(options.seed)
    torch.manual_seed(options.seed)
    model = Shapes()
    steps = options.epochs * (len(data[0]) // options.batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=options.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.rate, total_steps=steps, pct_start=0.2
    )
    start = time.monotonic()
    for epoch in range(options.epochs):
        loss = train_epoch(model, data, optimizer, schedule, options, random)
        seconds = time.monotonic() - start
        print(f"epoch {epoch + 1}: loss {loss:.4f}, {seconds:.0f} s", flush=True)
    return model.eval()


# --- Accuracy ------------------------------------------------------------------------------------


def predict(tensors, pictures):
    with torch.no_grad():
        return torch.cat([run_folded(tensors, preprocess(part)) for part in pictures.split(128)])


def balanced_accuracy(logits, flags):
    """For one class, as many scenes without it as with it: (scenes of each, found, rejected)."""
    present, absent = logits[flags > 0.5], logits[flags < 0.5]
    count = min(len(present), len(absent))
    return count, int((present[:count] > 0).sum()), int((absent[:count] <= 0).sum())


def accuracy_table(tensors, data):
    """Text, one line a class; every scene of the series is new to the network."""
    pictures, flags = data
    logits = predict(tensors, pictures)
    lines = ["class      scenes with   found scenes without rejected accuracy"]
    for index, name in enumerate(CLASSES):
        count, found, rejected = balanced_accuracy(logits[:, index], flags[:, index])
        lines.append(
            f"{name:<10} {count:>11} {found / count:>7.2%} {count:>14} {rejected / count:>8.2%} "
            f"{(found + rejected) / (2 * count):>8.2%}"
        )
    return "\n".join(lines) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(description="Train the demonstration network.")
    parser.add_argument(
        "--output", default=HERE, metavar="DIR", help="where the weights and the table go"
    )
    parser.add_argument("--cache", metavar="DIR", help="keep the scenes drawn here")
    parser.add_argument("--scenes", type=int, default=12800)
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--sparsity", type=float, default=0.02, help="weight of the features' mean")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main():
    options = parse_arguments()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    model = train(load_series(TRAIN_SEED, options.scenes, options.cache), options)
    tensors = model.folded()
    write_safetensors(os.path.join(options.output, "shapes.safetensors"), tensors)
    table = accuracy_table(tensors, load_series(TEST_SEED, TEST_COUNT, options.cache))
    with open(os.path.join(options.output, "shapes_accuracy.txt"), "w", encoding="utf-8") as file:
        file.write(table)
    print(table, end="")


if __name__ == "__main__":
    main()
