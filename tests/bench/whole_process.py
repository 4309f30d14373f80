# SPDX-License-Identifier: MIT
"""What only whole processes show: the time from the start to a map on the disk, and the most memory used."""
import os
import resource
import subprocess
import sys
import time

import rows
from sides import HERE, ROOT, SideError, Sides, clean_environment

IMPORT = "from torchray.attribution.excitation_backprop import excitation_backprop"


def children_time():
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def time_process(command, clock):
    start = clock()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                          env=clean_environment())
    if done.returncode:
        raise SideError(f"{command[0]}: " + (done.stderr.strip() or "failed").split("\n")[-1])
    return (clock() - start) * 1e3


def measure_start(options, folder):
    """start to map

    Excitation backprop of the demonstration network on its example, written as a picture and as numbers."""
    graph = os.path.join(ROOT, "graphs", "shapes.yaml")
    ours = [options.rayinterp, graph, "--rule", "ebp", "--output", folder, "--quiet"]
    same = [sys.executable, os.path.join(HERE, "torch_start.py"), folder]
    others = {"start to map, against importing the reference": ([sys.executable, "-c", IMPORT], rows.START_AIM),
              "start to map, against the same map by the reference": (same, None)}
    clock = children_time if options.cpu else time.perf_counter
    for title, (command, aim) in others.items():
        if not options.only.search(title):
            continue
        times = {"rayinterp": [], "torch": []}
        for run in range(options.warm_up + options.runs):
            taken = time_process(ours, clock), time_process(command, clock)
            if run >= options.warm_up:
                times["rayinterp"].append(taken[0])
                times["torch"].append(taken[1])
        yield title, aim, times, "ms"


def peaks_after(options, row, folder, calls):
    """Megabytes of each side after so many calls."""
    threads = options.threads[0]
    with Sides(options, row.network, folder, threads) as sides:
        if "no torchray" in sides.all[1].about:
            raise SideError("the reference package torchray is not there")
        peaks = {}
        for side in sides.all:
            for _ in range(calls):
                side.ask(rows.request(row, 1, threads))
            peaks[side.name] = [side.peak_memory()]
    return peaks


def measure_memory(options, folder):
    """peak memory

    Of one map; and of several, where rayinterp keeps what it made of the weights (--memory)."""
    row = rows.MEMORY_ROW
    for what, calls in {"one map": 1, "more maps": 2}.items():
        title = f"peak memory, {rows.title(row)}, {what}"
        if options.only.search(title):
            yield title, row.aims[1], peaks_after(options, row, folder, calls), "MB"
