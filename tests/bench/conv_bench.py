#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times convolutions and fully connected layers against torch, in turns, and prints the ratios.

    conv_bench.py PROGRAM [--threads N] [--seconds S] [--only vgg16,...] [--gradient] [--cpu]

PROGRAM is the built conv_bench.  A ratio is torch / rayinterp: above 1 the kernels here are faster.
Each side runs bursts of calls in turns, and the best call of each counts: other work on the machine
only ever makes a call longer."""
import argparse
import os
import subprocess
import time

# Rows: how many times in the network; then items, in, out for a fully connected layer, or items,
# channels in and out, size, kernel, stride, padding, groups.
GROUPS = {
    "vgg16": [
        (1, 1, 3, 64, 224, 3, 1, 1, 1), (1, 1, 64, 64, 224, 3, 1, 1, 1),
        (1, 1, 64, 128, 112, 3, 1, 1, 1), (1, 1, 128, 128, 112, 3, 1, 1, 1),
        (1, 1, 128, 256, 56, 3, 1, 1, 1), (2, 1, 256, 256, 56, 3, 1, 1, 1),
        (1, 1, 256, 512, 28, 3, 1, 1, 1), (2, 1, 512, 512, 28, 3, 1, 1, 1),
        (3, 1, 512, 512, 14, 3, 1, 1, 1),
        (1, 1, 25088, 4096), (1, 1, 4096, 4096), (1, 1, 4096, 1000),
    ],
    "resnet50": [
        (1, 1, 3, 64, 224, 7, 2, 3, 1), (1, 1, 64, 64, 56, 1, 1, 0, 1),
        (3, 1, 64, 64, 56, 3, 1, 1, 1),
        (4, 1, 64, 256, 56, 1, 1, 0, 1), (2, 1, 256, 64, 56, 1, 1, 0, 1),
        (1, 1, 256, 128, 56, 1, 1, 0, 1), (1, 1, 128, 128, 56, 3, 2, 1, 1),
        (3, 1, 128, 128, 28, 3, 1, 1, 1), (4, 1, 128, 512, 28, 1, 1, 0, 1),
        (1, 1, 256, 512, 56, 1, 2, 0, 1), (3, 1, 512, 128, 28, 1, 1, 0, 1),
        (1, 1, 512, 256, 28, 1, 1, 0, 1), (1, 1, 256, 256, 28, 3, 2, 1, 1),
        (5, 1, 256, 256, 14, 3, 1, 1, 1), (6, 1, 256, 1024, 14, 1, 1, 0, 1),
        (1, 1, 512, 1024, 28, 1, 2, 0, 1), (5, 1, 1024, 256, 14, 1, 1, 0, 1),
        (1, 1, 1024, 512, 14, 1, 1, 0, 1), (1, 1, 512, 512, 14, 3, 2, 1, 1),
        (2, 1, 512, 512, 7, 3, 1, 1, 1), (3, 1, 512, 2048, 7, 1, 1, 0, 1),
        (1, 1, 1024, 2048, 14, 1, 2, 0, 1), (2, 1, 2048, 512, 7, 1, 1, 0, 1), (1, 1, 2048, 1000),
    ],
    "depthwise": [
        (1, 1, 32, 32, 112, 3, 1, 1, 32), (1, 1, 96, 96, 112, 3, 2, 1, 96),
        (1, 1, 144, 144, 56, 3, 1, 1, 144), (1, 1, 144, 144, 56, 5, 2, 2, 144),
        (1, 1, 240, 240, 28, 5, 1, 2, 240), (1, 1, 240, 240, 28, 3, 2, 1, 240),
        (1, 1, 480, 480, 14, 3, 1, 1, 480), (1, 1, 672, 672, 14, 5, 1, 2, 672),
        (1, 1, 672, 672, 14, 5, 2, 2, 672), (1, 1, 1152, 1152, 7, 5, 1, 2, 1152),
    ],
    "mobile": [
        (1, 1, 3, 32, 224, 3, 2, 1, 1), (1, 1, 32, 16, 112, 1, 1, 0, 1),
        (1, 1, 16, 96, 112, 1, 1, 0, 1),
        (1, 1, 96, 24, 56, 1, 1, 0, 1), (1, 1, 144, 40, 28, 1, 1, 0, 1),
        (1, 1, 40, 240, 28, 1, 1, 0, 1),
        (1, 1, 480, 112, 14, 1, 1, 0, 1), (1, 1, 672, 192, 7, 1, 1, 0, 1),
        (1, 1, 192, 1152, 7, 1, 1, 0, 1), (1, 1, 320, 1280, 7, 1, 1, 0, 1),
    ],
    "grouped": [
        (1, 1, 128, 128, 56, 3, 1, 1, 32), (1, 1, 256, 256, 28, 3, 1, 1, 32),
        (1, 1, 1024, 1024, 7, 3, 1, 1, 32), (1, 1, 64, 64, 56, 3, 1, 1, 4),
    ],
    "batch8": [
        (1, 8, 64, 64, 56, 3, 1, 1, 1), (1, 8, 512, 512, 14, 3, 1, 1, 1),
        (1, 8, 512, 512, 7, 3, 1, 1, 1),
        (1, 8, 512, 2048, 7, 1, 1, 0, 1), (1, 8, 25088, 4096), (1, 8, 4096, 4096),
    ],
}


class Program:
    def __init__(self, path, threads, cpu):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen([path] + ["cpu"] * cpu, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)

    def make(self, shape):
        word = "dense" if len(shape) == 3 else "conv"
        print(word, *shape, file=self.process.stdin, flush=True)

    def run(self, gradient, runs):
        print("gradient" if gradient else "forward", runs, file=self.process.stdin, flush=True)
        return [float(word) for word in self.process.stdout.readline().split()]


class Torch:
    def __init__(self, threads, cpu):
        import torch
        self.torch, self.clock = torch, time.process_time if cpu else time.perf_counter
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)

    def make(self, shape):
        torch = self.torch
        if len(shape) == 3:
            items, inputs, outputs = shape
            x, w, b = torch.rand(items, inputs), torch.rand(outputs, inputs), torch.rand(outputs)
            y = torch.rand(items, outputs)
            self.calls = [lambda: torch.nn.functional.linear(x, w, b), lambda: y @ w]
            return
        items, inputs, outputs, size, kernel, stride, padding, groups = shape
        x, b = torch.rand(items, inputs, size, size), torch.rand(outputs)
        w = torch.rand(outputs, inputs // groups, kernel, kernel)
        y = torch.nn.functional.conv2d(x, w, b, stride, padding, 1, groups)
        s, p = [stride, stride], [padding, padding]
        self.calls = [
            lambda: torch.nn.functional.conv2d(x, w, b, stride, padding, 1, groups),
            lambda: torch.ops.aten.convolution_backward(y, x, w, [outputs], s, p, [1, 1], False,
                                                        [0, 0], groups, [True, False, False]),
        ]

    def run(self, gradient, runs):
        times = []
        for _ in range(runs):
            start = self.clock()
            self.calls[gradient]()
            times.append((self.clock() - start) * 1e3)
        return times


def operations(shape):
    if len(shape) == 3:
        return 2 * shape[0] * shape[1] * shape[2]
    items, inputs, outputs, size, kernel, stride, padding, groups = shape
    out = (size + 2 * padding - kernel) // stride + 1
    return 2 * items * outputs * out * out * inputs // groups * kernel * kernel


def measure(sides, shape, gradient, seconds):
    """The best milliseconds of each side."""
    best = [float("inf")] * len(sides)
    for side in sides:
        side.make(shape)
        side.run(gradient, 2)
    end = time.perf_counter() + seconds
    turns = 0
    while turns < 5 or time.perf_counter() < end:
        for i, side in enumerate(sides):
            time.sleep(0.006)                   # let the other side's threads go to sleep
            best[i] = min(best[i], *side.run(gradient, 3))
        turns += 1
    return best


def main():
    parser = argparse.ArgumentParser(description="Times convolutions against torch.")
    parser.add_argument("program", help="the built conv_bench")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1, help="for each shape")
    parser.add_argument("--only", default=",".join(GROUPS), help="of " + ",".join(GROUPS))
    parser.add_argument("--cpu", action="store_true",
                        help="processor time: with one thread, other work counts less")
    parser.add_argument("--gradient", action="store_true",
                        help="input gradients in place of outputs")
    arguments = parser.parse_args()
    sides = [side(arguments.threads, arguments.cpu)
             for side in (lambda *a: Program(arguments.program, *a), Torch)]
    for group in arguments.only.split(","):
        totals = [0, 0]
        for count, *shape in GROUPS[group]:
            mine, torch = measure(sides, shape, arguments.gradient, arguments.seconds)
            totals = [totals[0] + count * mine, totals[1] + count * torch]
            rate = operations(shape) / 1e6
            text = "x".join(map(str, shape))
            print(f"{group:10} {count} x {text:32} {mine:8.3f} ms {rate / mine:6.1f} GFLOP/s   "
                  f"torch {torch:8.3f} ms {rate / torch:6.1f}   ratio {torch / mine:.2f}",
                  flush=True)
        print(f"{group:10} total {totals[0]:.2f} ms, torch {totals[1]:.2f} ms, ratio "
              f"{totals[1] / totals[0]:.2f}", flush=True)


if __name__ == "__main__":
    main()
