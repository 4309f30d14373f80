#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `rayinterp graphs/shapes.yaml --rule ebp` does, by the reference package on torch, in one process: the
demonstration network's example in, the map as numbers and as a picture out.  Argument: the folder to write to."""
import os
import sys

import numpy
import torch
from PIL import Image
from torchray.attribution.excitation_backprop import excitation_backprop

import torch_networks

GRAPHS = os.path.join(torch_networks.ROOT, "graphs")


def main():
    model = torch_networks.make("shapes")
    torch_networks.read_weights(model, os.path.join(GRAPHS, "shapes.safetensors"))
    picture = Image.open(os.path.join(GRAPHS, "shapes", "star_circle.png")).convert("RGB")
    pixels = torch.from_numpy(numpy.array(picture)).permute(2, 0, 1)[None].float()
    found = excitation_backprop(model, (pixels / 255 - 0.5) / 0.25, 0, saliency_layer="pool2").numpy()
    numpy.save(os.path.join(sys.argv[1], "reference.npy"), found)
    grey = (numpy.clip(found[0, 0] / found.max(), 0, 1) * 255).astype(numpy.uint8)
    Image.fromarray(grey).resize(picture.size).save(os.path.join(sys.argv[1], "reference.png"))


if __name__ == "__main__":
    main()
