#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes tests/fixtures/onnx_torch/NAME: a small network that torch exported, and what it computes.

    model.onnx     as torch.onnx wrote it
    input.npy      two pictures
    output.npy     the output, in double precision, rounded to float32
    gradient.npy   the gradient of the sum over positions of class 1 of each picture, at the input; likewise

Seeds go up from 0 until the network is well-conditioned: noise of 2e-7 on the input and on all parameters moves no
value by more than 2e-6 of the largest, so that a larger difference is a fault and not rounding.

    python3 tests/zoo/make_onnx_torch.py [NAME ...]

Networks of opset 18 and up need torch 2 with onnx and onnxscript (made with torch 2.15), the others torch 1.13.
"""

import copy
import os
import sys

import numpy
import torch

import networks
import small
from export_onnx import TORCH_2, export_onnx

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fixtures", "onnx_torch")
NOISE, MOST, SEEDS, CLASS = 2e-7, 2e-6, 200, 1


def evaluate(model, x):
    x = x.clone().requires_grad_()
    y = model(x)
    (gradient,) = torch.autograd.grad(y[:, CLASS].sum(), x)
    return y.detach(), gradient


def shaken(model, x, seed):
    """Both with relative noise."""
    generator = torch.Generator().manual_seed(seed)
    other = copy.deepcopy(model)
    with torch.no_grad():
        for tensor in [*other.parameters(), *other.buffers()]:
            if tensor.is_floating_point():
                tensor *= 1 + NOISE * torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
    return other, x * (1 + NOISE * torch.randn(x.shape, generator=generator, dtype=x.dtype))


def moved(model, x, truth):
    """How far noise moves the output or the gradient, of the largest of each."""
    worst = 0
    for seed in range(4):
        for found, expected in zip(evaluate(*shaken(model, x, seed)), truth):
            worst = max(worst, float((found - expected).abs().max() / expected.abs().max()))
    return worst


def drop_traces(path):
    """torch 2 writes into each node where in the source files of whose machine it comes from."""
    import onnx

    model = onnx.load(path)
    for part in [*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, model.graph, model]:
        kept = [entry for entry in part.metadata_props if entry.key.endswith(("name_scopes", "class_hierarchy"))]
        del part.metadata_props[:]
        part.metadata_props.extend(kept)
    onnx.save(model, path)


def make(name):
    _, side, opset, free_batch = small.NETWORKS[name]
    for seed in range(SEEDS):
        model = networks.settle(small.build(name, seed), side, seed)
        pictures = torch.cat([networks.picture(side, seed), networks.picture(side, seed + SEEDS)])
        double, x = copy.deepcopy(model).double(), pictures.double()
        truth = evaluate(double, x)
        if moved(double, x, truth) <= MOST:
            break
    else:
        sys.exit(f"{name}: no seed below {SEEDS} is well-conditioned")
    folder = os.path.join(FOLDER, name)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    export_onnx(model, pictures[:1], path, opset, free_batch)
    if opset >= TORCH_2:
        drop_traces(path)
    for file, tensor in (("input", x), ("output", truth[0]), ("gradient", truth[1])):
        numpy.save(os.path.join(folder, f"{file}.npy"), tensor.float().numpy())
    size = os.path.getsize(path)
    print(f"{name}: seed {seed}, {size} bytes")


def main():
    for name in sys.argv[1:] or small.NETWORKS:
        make(name)


if __name__ == "__main__":
    main()
