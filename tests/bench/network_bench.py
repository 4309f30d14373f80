#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times networks and methods in rayinterp and in torch, call by call in turns after a warm-up of both, and prints the
ratios torch / rayinterp: above 1 rayinterp is faster.

    network_bench.py BUILD [--page FILE.md] [--quick] [--only REGEX] [--runs N] [--threads 2,1] [--cpu]

BUILD is the build folder.  Both sides have the same made-up weights and inputs; torch is run at its defaults and
tuned, and the better of both counts.  With --page the figures, the machine and a chart are written, too."""
import argparse
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time

import rows
import whole_process
from sides import SideError, Sides, make_files


MOST_DIFFERENCE = 0.1       # of maps: rounding may decide which way a ReLU's corner or a tie of maxima goes


class Figure:
    """What one row gave: milliseconds (or MB) of each side."""

    def __init__(self, title, batch, threads, aim, times, unit="ms"):
        self.title, self.batch, self.threads, self.aim, self.unit = title, batch, threads, aim, unit
        self.median = {name: statistics.median(values) for name, values in times.items()}
        self.spread = {name: spread(values) for name, values in times.items()}
        self.others = [name for name in self.median if name != "rayinterp"]
        self.difference = None

    @property
    def ratio(self):
        return min(self.median[name] for name in self.others) / self.median["rayinterp"]

    @property
    def verdict(self):
        return "behind" if self.ratio < 1 else "below the aim" if self.aim and self.ratio < self.aim else ""

    @property
    def place(self):
        """Which row it is, in words."""
        return rows.place(self.title, self.batch, self.threads)

    def __str__(self):
        columns = "  ".join(f"{name} {self.median[name]:8.1f} ±{self.spread[name]:3.0f} %" for name in self.median)
        aim = f"aim {self.aim:.3g}" if self.aim else ""
        maps = f"maps differ by {self.difference:.0e}" if self.difference is not None else ""
        return f"{self.place:60} {columns} {self.unit}  ratio {self.ratio:5.2f}  {aim:8} {self.verdict:13} {maps}"


def spread(values):
    """Half of the range of the middle half, as a percentage of the median."""
    if len(values) < 3:
        return 0
    low, middle, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / middle * 100


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.figures, self.left_out, self.versions = [], [], []

    def say(self, figure):
        self.figures.append(figure)
        print(figure, flush=True)

    def leave_out(self, what, why):
        self.left_out.append((what, str(why)))
        print(f"left out: {what}: {why}", flush=True)

    def run_row(self, sides, row, batch, threads):
        if row.needs == "torchray" and "no torchray" in sides.all[1].about:
            raise SideError("the reference package torchray is not there")
        times = sides.take_turns(rows.request(row, batch, threads), self.options.runs, self.options.warm_up)
        figure = Figure(rows.title(row), batch, threads, row.aims[batch], times)
        figure.difference = sides.difference(self.folder)
        if not figure.difference < MOST_DIFFERENCE:
            raise SideError(f"the maps differ by {figure.difference:.2g}")
        self.say(figure)

    def run_network(self, network, picked, threads):
        try:
            with Sides(self.options, network, self.folder, threads) as sides:
                self.versions = [side.about for side in sides.all[:2]]
                for row, batch in picked:
                    try:
                        self.run_row(sides, row, batch, threads)
                    except SideError as error:
                        self.leave_out(rows.place(rows.title(row), batch, threads), error)
        except SideError as error:
            self.leave_out(rows.TITLES[network], error)

    def run_networks(self):
        """Networks one after the other, so that only one's weights lie on the disk."""
        picked = rows.select(self.options.only)
        for network in dict.fromkeys(row.network for row, _ in picked):
            try:
                make_files(network, self.folder)
            except SideError as error:
                self.leave_out(rows.TITLES[network], error)
                continue
            for threads in self.options.threads:
                self.run_network(network, [pair for pair in picked if pair[0].network == network], threads)
            if network == rows.MEMORY_ROW.network:
                self.run_whole(whole_process.measure_memory)
            for ending in ".safetensors", ".npy":
                os.remove(os.path.join(self.folder, network + ending))

    def run_whole(self, measure):
        """Figures of whole processes: (title, aim, values, unit) each."""
        try:
            for title, aim, values, unit in measure(self.options, self.folder):
                self.say(Figure(title, None, self.options.threads[0], aim, values, unit))
        except SideError as error:
            self.leave_out(measure.__doc__.split("\n")[0], error)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", help="the build folder")
    parser.add_argument("--page", help="Markdown file to write; its chart goes to pictures/ beside it")
    parser.add_argument("--quick", action="store_true", help="3 runs after 1, where it is 11 after 3")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--only", type=re.compile, default=re.compile(""), metavar="REGEX",
                        help='rows whose title matches, as in "ResNet50 ebp.*batch 8"')
    parser.add_argument("--threads", default=None, help="numbers of threads, one after the other (default: 2,1)")
    parser.add_argument("--cpu", action="store_true",
                        help="processor time of one thread: on a busy machine; nothing is written")
    options = parser.parse_args()
    options.runs = options.runs or (3 if options.quick else 11)
    options.warm_up = 1 if options.quick else 3
    cores = len(os.sched_getaffinity(0))
    options.threads = [int(n) for n in (options.threads or f"{cores},1").split(",")] if not options.cpu else [1]
    options.rayinterp = os.path.join(options.build, "rayinterp")
    options.program = os.path.join(options.build, "tests", "bench", "network_bench")
    options.plugins = os.path.abspath(os.path.join(options.build, "plugins"))
    return options


def main():
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))       # the sides are ended, the files removed
    folder = tempfile.mkdtemp(prefix="rayinterp-bench-")
    bench = Bench(options, folder)
    start = time.time()
    try:
        bench.run_networks()
        bench.run_whole(whole_process.measure_start)
    finally:
        shutil.rmtree(folder)
    print(f"{len(bench.figures)} figures in {(time.time() - start) / 60:.0f} minutes")
    if options.page and not options.only.pattern and not options.cpu:
        import report
        report.write(options, bench)
    return 0 if bench.figures else 1


if __name__ == "__main__":
    sys.exit(main())
