# SPDX-License-Identifier: MIT
"""The processes that are timed, and how they take turns.

A side is a process that answers requests, one line each.  While it is not asked it is stopped (SIGSTOP), so that its
threads, which may spin for work, leave the cores to the side whose turn it is; no side's way of waiting is changed."""
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# torch keeps the memory it was given, in large pages where the system has some, and each thread stays on its core.
TUNED = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_TOP_PAD_": str(1 << 26), "MALLOC_MMAP_MAX_": "0",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "OMP_PROC_BIND": "true", "OMP_PLACES": "threads",
}


SETTINGS = ("OMP_", "GOMP_", "MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")     # not taken from the shell


class SideError(Exception):
    """One line: which side, and why it could not do what it was asked."""


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}


class Side:
    def __init__(self, name, command, threads, environment=None):
        self.name = name
        if not os.path.exists(command[0]):
            raise SideError(f"{command[0]} is not there; `make bench` builds it")
        self.process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env={**clean_environment(), "OMP_NUM_THREADS": str(threads), **(environment or {})})
        self.about = self.ask("about")

    def ask(self, line):
        self.process.send_signal(signal.SIGCONT)
        try:
            print(line, file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        self.process.send_signal(signal.SIGSTOP)
        if not answer or answer.startswith("error"):
            raise SideError(f"{self.name}: {line}: {answer[6:] or 'it ended'}")
        return answer

    def peak_memory(self):
        """The most memory it has had, MB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) / 1e3
        raise SideError(f"{self.name}: no VmHWM")

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()


class Sides:
    """rayinterp, torch at its defaults and torch tuned on one network; `with` closes them."""

    def __init__(self, options, network, folder, threads):
        graph = os.path.join(ROOT, "graphs", network + ".yaml")
        files = [os.path.join(folder, network + ending) for ending in (".safetensors", ".npy")]
        clock = ["cpu"] if options.cpu else []
        torch = [sys.executable, os.path.join(HERE, "torch_side.py"), network, folder, *clock]
        self.all = []
        try:
            for name, command, environment in (
                    ("rayinterp", [options.program, options.plugins, graph, *files, *clock], {}),
                    ("torch", torch, {}), ("tuned", torch, TUNED)):
                self.all.append(Side(name, command, threads, environment))
        except SideError:
            self.close()
            raise

    def close(self):
        for side in self.all:
            side.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def take_turns(self, request, runs, warm_up):
        """{name: milliseconds of each run}, after calls that do not count."""
        times = {side.name: [] for side in self.all}
        for run in range(warm_up + runs):
            for side in self.all:
                taken = float(side.ask(request))
                if run >= warm_up:
                    times[side.name].append(taken)
        return times

    def difference(self, folder):
        """Between the last maps of rayinterp and of torch."""
        path = os.path.join(folder, "map.npy")
        self.all[0].ask("save " + path)
        return float(self.all[1].ask("compare " + path))


def make_files(network, folder):
    """Weights and inputs for a network.  Raises SideError where torch cannot build it."""
    done = subprocess.run([sys.executable, os.path.join(HERE, "torch_side.py"), network, folder, "make"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise SideError((done.stderr.strip() or "failed").split("\n")[-1])
