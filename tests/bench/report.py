# SPDX-License-Identifier: MIT
"""docs/performance.md: the figures of a run, where they were taken, and a chart."""
import datetime
import os
import platform
import subprocess

from sides import ROOT, TUNED

CHART = os.path.join("pictures", "performance.png")

PAGE = """# Performance

<!-- Written by `make bench`; edit tests/bench/report.py instead. -->

How long rayinterp takes beside PyTorch, on one machine, measured by `make bench`. A ratio is torch / rayinterp:
above 1 rayinterp is faster.

{summary}

{chart}{tables}
## Whole processes

{whole}
- *Start to map*: `rayinterp graphs/shapes.yaml --rule ebp` from the start of the process to its end, reading the
  network and a picture, writing the map as numbers and as a picture. Against a Python process that does no more than import the
  reference's excitation backprop, and against one that makes the same map.
- *Peak memory*: the most memory (VmHWM) of a process that has made one map, and of one that has made two: from
  the second on rayinterp keeps what it made of the weights (`--memory` bounds that). The ratio is again torch / rayinterp.

## Where it loses or misses

{losses}

## How it was measured

| | |
|---|---|
{facts}

- Both sides have the same made-up weights and the same inputs (noise of 3 x 224 x 224), read from the same files, in
  float32. A row whose maps are not the same is left out.
- Calls are taken in turns: one of rayinterp, one of torch at its defaults, one of torch tuned, and again. The first {warm_up}
  of each do not count. Figures are medians of the next {runs}; ± is half of the range of the middle half.
- A side that waits for its turn is stopped, so that threads that spin take no core from the other. Nobody's way of
  waiting is changed.
- torch *tuned* keeps its memory and pins its threads:
  {tuned}.
  rayinterp runs as it comes. The ratio is against the better of the two, row by row.
- rayinterp is timed through `rayinterp.h`, with methods from plugins, a call from the input to the finished map. The
  network is open, as the model is loaded in torch.
- `forward`, `gradient`, `guided_backprop` and `grad_cam` are timed against the shortest code for them in torch,
  without gradients of parameters; `ebp`, `contrastive_ebp`, `rise` and `extremal_perturbation` against the reference
  package, TorchRay, on torch. `contrastive_ebp` contrasts at features.30.
- `rise` and `extremal_perturbation` are timed by the mask and by the iteration, the first one left out.
"""


def number(value):
    """Three digits, no exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(figure, name):
    if name not in figure.median:
        return "-"
    return f"{number(figure.median[name])} ± {figure.spread[name]:.0f} %"


def ratio(figure):
    mark = {"behind": " (behind)", "below the aim": " (below)"}.get(figure.verdict, "")
    text = f"{figure.ratio:.2f}{mark}"
    return f"**{text}**" if mark else text


def row_of(figure):
    aim = f"{figure.aim:.3g}" if figure.aim else "-"
    cells = [figure.title, figure.batch] + [cell(figure, name) for name in ("rayinterp", "torch", "tuned")]
    return "| " + " | ".join(map(str, cells + [ratio(figure), aim])) + " |"


def table(figures, threads):
    head = (f"\n## {threads} thread{'s' if threads > 1 else ''}\n\n"
            "| | batch | rayinterp, ms | torch, ms | torch tuned, ms | ratio | aim |\n|---|---|---|---|---|---|---|\n")
    return head + "\n".join(row_of(figure) for figure in figures if figure.threads == threads) + "\n"


def whole_table(figures):
    lines = ["| | rayinterp | torch | torch tuned | ratio | aim |", "|---|---|---|---|---|---|"]
    for figure in figures:
        values = [f"{number(figure.median[name])} {figure.unit}" if name in figure.median else "-"
                  for name in ("rayinterp", "torch", "tuned")]
        aim = f"{figure.aim:.3g}" if figure.aim else "-"
        lines.append("| " + " | ".join([figure.title, *values, ratio(figure), aim]) + " |")
    return "\n".join(lines) + "\n"


def losses(bench):
    lines = [f"- **Slower than torch**: {f.place}: {f.ratio:.2f}." for f in bench.figures if f.verdict == "behind"]
    lines += [f"- Below the aim of {f.aim:.3g}: {f.place}: {f.ratio:.2f}." for f in bench.figures
              if f.verdict == "below the aim"]
    lines += [f"- Not measured: {what}: {why}." for what, why in bench.left_out]
    return "\n".join(lines) or "Nowhere in this table: every row is at or above its aim."


def summary(bench):
    timed = [figure for figure in bench.figures if figure.batch]
    ahead = sum(figure.ratio >= 1 for figure in timed)
    aims = [figure for figure in bench.figures if figure.aim]
    met = sum(figure.ratio >= figure.aim for figure in aims)
    return (f"rayinterp is faster in {ahead} of {len(timed)} rows; {met} of {len(aims)} aims are met."
            "\n[Where it loses or misses](#where-it-loses-or-misses) lists the others.")


# ---- The machine ----

def first_of(path, key):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return "unknown"


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True,
                          check=False)
    return f", commit {done.stdout.strip()}" if done.returncode == 0 else ""


def facts(bench):
    memory = int(first_of("/proc/meminfo", "MemTotal").split()[0]) / 1e6
    ours, torch = bench.versions if bench.versions else ("not run", "not run")
    rows = [("date", datetime.date.today().isoformat()),
            ("processor", f"{first_of('/proc/cpuinfo', 'model name')}, {len(os.sched_getaffinity(0))} cores"),
            ("memory", f"{memory:.0f} GB"),
            ("system", f"{platform.system()} {platform.release()}, {platform.libc_ver()[0]} {platform.libc_ver()[1]}"),
            ("rayinterp", ours + commit()), ("torch", f"{torch}, Python {platform.python_version()}")]
    return "\n".join(f"| {name} | {value} |" for name, value in rows)


# ---- The chart ----

def draw(path, figures, options):
    """Bars of ratios; False where matplotlib is absent."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        return False
    first, *more = options.threads
    bars = [figure for figure in figures if figure.batch and figure.threads == first]
    places = {(figure.title, figure.batch): -i for i, figure in enumerate(bars)}
    drawing, axes = pyplot.subplots(figsize=(9, 1.2 + 0.27 * len(bars)), layout="constrained")
    axes.barh(list(places.values()), [figure.ratio for figure in bars], height=0.62, color="#3b6fb0",
              label=f"{first} thread{'s' if first > 1 else ''}")
    for threads, marker in zip(more, "Dos"):
        dots = [figure for figure in figures if figure.threads == threads and (figure.title, figure.batch) in places]
        axes.plot([figure.ratio for figure in dots], [places[figure.title, figure.batch] for figure in dots], marker,
                  color="#1d2b3a", markersize=4.5, linestyle="", label=f"{threads} thread{'s' if threads > 1 else ''}")
    aims = [figure for figure in bars if figure.aim]
    axes.plot([figure.aim for figure in aims], [places[figure.title, figure.batch] for figure in aims], "|",
              color="#d1603d", markersize=12, markeredgewidth=2, label="aim")
    axes.axvline(1, color="#1d2b3a", linewidth=0.8)
    axes.set_yticks(list(places.values()), [f"{title}, batch {batch}" for title, batch in places], fontsize=8)
    axes.set_xlabel("times faster than torch (the better of default and tuned)")
    axes.set_ylim(-len(bars) + 0.4, 0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
    drawing.savefig(path, dpi=100, metadata={"Software": None})
    return True


def write(options, bench):
    folder = os.path.dirname(os.path.abspath(options.page))
    timed = [figure for figure in bench.figures if figure.batch]
    drawn = timed and draw(os.path.join(folder, CHART), timed, options)
    text = PAGE.format(
        summary=summary(bench), losses=losses(bench), facts=facts(bench), runs=options.runs, warm_up=options.warm_up,
        chart=f"![How many times faster than torch each row is]({CHART})\n" if drawn else "",
        tables="".join(table(timed, threads) for threads in options.threads),
        whole=whole_table([figure for figure in bench.figures if not figure.batch]),
        tuned=", ".join(f"`{name}={value}`" for name, value in TUNED.items()))
    with open(options.page, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"wrote {options.page}" + ("" if drawn else "; no chart: matplotlib is not there"))
