#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times VGG16 with random weights against torch, call by call in turns after a warm-up of both, and
prints medians and their ratio.

    network_bench.py PROGRAM [--threads N] [--batch N] [--runs N]

PROGRAM is the built network_bench.  A ratio above 1 means that rayinterp takes longer than torch."""
import argparse
import os
import statistics
import subprocess
import time

VGG16 = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]


def make_vgg16(torch):
    layers, channels = [], 3
    for width in VGG16:
        if width == 0:
            layers.append(torch.nn.MaxPool2d(2))
            continue
        layers += [torch.nn.Conv2d(channels, width, 3, padding=1), torch.nn.ReLU()]
        channels = width
    layers += [torch.nn.AdaptiveAvgPool2d(7), torch.nn.Flatten()]
    for inputs, outputs in (25088, 4096), (4096, 4096), (4096, 1000):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1]).eval()


class Torch:
    def __init__(self, torch, batch):
        self.torch, self.model = torch, make_vgg16(torch)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.input = torch.randn(batch, 3, 224, 224)

    def time(self, what):
        start = time.perf_counter()
        if what == "forward":
            with self.torch.no_grad():
                self.model(self.input)
        else:
            x = self.input.clone().requires_grad_(True)
            y = self.model(x)
            y.backward(self.torch.ones_like(y))
        return (time.perf_counter() - start) * 1e3


class Ours:
    def __init__(self, program, batch):
        graph = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vgg16.yaml")
        self.child = subprocess.Popen([program, graph, str(batch)], text=True, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)

    def time(self, what):
        self.child.stdin.write(what + "\n")
        self.child.stdin.flush()
        return float(self.child.stdout.readline())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    os.environ["GOMP_SPINCOUNT"] = "1000"   # a waiting side leaves the cores to the other
    import torch
    torch.set_num_threads(options.threads)
    sides = {"torch": Torch(torch, options.batch), "rayinterp": Ours(options.program, options.batch)}
    print(f"VGG16, batch {options.batch}, {options.threads} threads, torch {torch.__version__}, ms")
    for what in "forward", "gradient":
        times = {name: [] for name in sides}
        for run in range(options.runs + 3):
            for name, side in sides.items():
                taken = side.time(what)
                if run >= 3:
                    times[name].append(taken)
        median = {name: statistics.median(values) for name, values in times.items()}
        best = {name: min(values) for name, values in times.items()}
        print(f"{what:9} torch {median['torch']:8.1f}  rayinterp {median['rayinterp']:8.1f}  "
              f"ratio {median['rayinterp'] / median['torch']:.2f}  (best runs "
              f"{best['rayinterp'] / best['torch']:.2f})")


if __name__ == "__main__":
    main()
