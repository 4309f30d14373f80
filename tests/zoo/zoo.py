#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our program beside torch on whole networks of torchvision, with made-up weights.

    python3 tests/zoo/zoo.py build                      everything
    python3 tests/zoo/zoo.py build graphs resnet18      one network of graphs/
    python3 tests/zoo/zoo.py build onnx swin_t vit_b_16

graphs: the files of graphs/ with a state_dict that graphs/export_state_dict.py wrote.
onnx:   what torch.onnx wrote, through `rayinterp import`.

compare.py says what the numbers of the table are.  Ends with 1 when a network fails.  Needs torch and torchvision.
"""

import argparse
import copy
import os
import sys
import tempfile
import warnings

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "graphs"))

import compare  # noqa: E402
import export_state_dict  # noqa: E402
import networks  # noqa: E402
from export_onnx import export_onnx  # noqa: E402


def row_of(name, model, side, program, graph, weights, folder):
    """The network against our program with a graph that is to be the same."""
    pictures = (networks.picture(side, seed) for seed in range(compare.PICTURES))
    x, moves = compare.choose_picture(model, pictures)
    truth = compare.Truth(model, copy.deepcopy(model).double(), x)
    return compare.Row(name, truth, moves, *compare.run_ours(program, graph, weights, truth, folder))


def from_graph(name, program, folder):
    """graphs/NAME.yaml with the network's own state_dict."""
    model = networks.build(name, 224)
    checkpoint, weights = f"{folder}/{name}.pth", f"{folder}/{name}.safetensors"
    torch.save(model.state_dict(), checkpoint)
    tensors, _ = export_state_dict.read_state_dict(checkpoint)
    export_state_dict.write_safetensors(weights, tensors)
    graph = os.path.join(ROOT, "graphs", f"{name}.yaml")
    return row_of(name, model, 224, program, graph, weights, folder)


def from_onnx(name, program, folder):
    """What torch.onnx makes of the network."""
    side = networks.ONNX[name]
    model = networks.build(name, side)
    export_onnx(model, networks.picture(side, 0), f"{folder}/{name}.onnx")
    compare.run_program(program, "import", f"{folder}/{name}.onnx", "-o", folder)
    return row_of(name, model, side, program, f"{folder}/{name}.yaml", None, folder)


WAYS = {"graphs": (from_graph, networks.GRAPHS), "onnx": (from_onnx, list(networks.ONNX))}


def run_network(way, name, program):
    """Prints a line; whether the network passed."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            row = WAYS[way][0](name, program, folder)
            print(row, flush=True)
            return row.passed
        except compare.Failed as error:
            print(f"{name:<22} FAILED: {error}", flush=True)
            return False


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare rayinterp with torch on whole networks.")
    parser.add_argument("build", help="build folder with rayinterp and its plugins")
    parser.add_argument("way", nargs="?", choices=list(WAYS), help="default: both")
    parser.add_argument("names", nargs="*", help="networks (default: all)")
    return parser.parse_args()


def main():
    options = parse_arguments()
    program = os.path.abspath(os.path.join(options.build, "rayinterp"))
    warnings.simplefilter("ignore")  # torch's, about what it traces
    torch.set_num_threads(os.cpu_count() or 1)
    failed = total = 0
    for way in [options.way] if options.way else WAYS:
        print(f"{way}\n{compare.HEADING}")
        for name in options.names or WAYS[way][1]:
            failed += not run_network(way, name, program)
            total += 1
    print(f"{total - failed} of {total} networks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
