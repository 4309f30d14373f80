# SPDX-License-Identifier: MIT
"""What is compared, and when it is good enough.

Truth is torch in double precision, with the float32 weights of the network and a float32 picture.  Two numbers are
taken of our program, and the same two of torch in float32 for comparison, each the largest difference from the truth as
a fraction of the truth's largest magnitude:

    output      the network's output                                                 within 1e-4
    gradient    the gradient at the input of the output times a random signal        within 1e-3

A gradient is not continuous: where a ReLU's input or the difference of two maxima is within rounding of zero, float32
falls on either side.  networks.py keeps activations away from their corners; maxima in pooling remain.  So of a few
pictures the first is taken at which noise of 1e-6 on the picture moves torch's own float32 gradient by less than a quarter
of the bound; the choice does not look at our program.  Where there is none (VGG's pooling has a million windows), the best is taken,
and our gradient may be as far from the truth as twice what that noise or torch's float32 makes of it; the table says so.
"""

import os
import subprocess

import numpy
import torch

OUTPUT_BOUND = 1e-4
GRADIENT_BOUND = 1e-3
PICTURES, NOISE, DRAWS = 8, 1e-6, 2


class Failed(Exception):
    """Our program did not do what it was asked; the text is one line."""


def difference(found, truth):
    if found.shape != truth.shape:
        raise Failed(f"shape {list(found.shape)} where torch has {list(truth.shape)}")
    return float(numpy.abs(found.astype("f8") - truth).max() / numpy.abs(truth).max())


def evaluate(model, x, signal=None):
    """Output and gradient at x, as numpy arrays; the signal sent back, made up where not given."""
    x = x.clone().requires_grad_()
    y = model(x)
    if signal is None:
        signal = torch.randn(y.shape, generator=torch.Generator().manual_seed(7)).to(y.dtype)
    (gradient,) = torch.autograd.grad(y, x, signal.to(y.dtype))
    return y.detach().numpy(), gradient.numpy(), signal


class Truth:
    """A network on one picture, in double precision and in torch's float32."""

    def __init__(self, model, double, x):
        self.x = x
        self.output, self.gradient, signal = evaluate(double, x.double())
        self.signal = signal.float()
        output, gradient, _ = evaluate(model, x, self.signal)
        self.torch_output = difference(output, self.output)
        self.torch_gradient = difference(gradient, self.gradient)


def gradient_moves(model, x):
    """How far noise on the picture moves the gradient in float32."""
    _, truth, signal = evaluate(model, x)
    worst = 0
    for seed in range(DRAWS):
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
        _, gradient, _ = evaluate(model, x * (1 + NOISE * noise), signal)
        worst = max(worst, difference(gradient, truth))
    return worst


def choose_picture(model, pictures):
    """The first picture at which the network is well-conditioned, else the best; and how well."""
    best, least = None, float("inf")
    for x in pictures:
        moves = gradient_moves(model, x)
        if moves < least:
            best, least = x, moves
        if least <= GRADIENT_BOUND / 4:
            break
    return best, least


def run_program(*words):
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise Failed((done.stderr.strip().split("\n") or ["no message"])[-1])


def run_ours(program, graph, weights, truth, folder):
    """Output and gradient of our program: it sends the same signal back, and shows what arrives at the input."""
    numpy.save(os.path.join(folder, "x.npy"), truth.x.numpy())
    numpy.save(os.path.join(folder, "signal.npy"), truth.signal.numpy())
    chosen = ["--weights", weights] if weights else []
    run_program(program, "forward", graph, *chosen, "--input", f"{folder}/x.npy", "--output", f"{folder}/y.npy")
    run_program(program, graph, *chosen, "--rule", "gradient", "--input", f"{folder}/x.npy", "--signal",
                f"{folder}/signal.npy", "--layer", "input", "--probe", "input", "--format", "npy", "--quiet",
                "--output", folder)
    return numpy.load(f"{folder}/y.npy"), numpy.load(f"{folder}/gradient.input.signal.npy")


class Row:
    """One line of the table."""

    def __init__(self, name, truth, moves, output, gradient):
        self.name, self.truth, self.moves = name, truth, moves
        self.output = difference(output, truth.output)
        self.gradient = difference(gradient, truth.gradient)
        self.settled = moves <= GRADIENT_BOUND / 4
        self.bound = GRADIENT_BOUND if self.settled else max(GRADIENT_BOUND, 2 * moves, 2 * truth.torch_gradient)
        self.passed = self.output <= OUTPUT_BOUND and self.gradient <= self.bound

    def __str__(self):
        verdict = "passed" if self.passed else "FAILED"
        note = "" if self.settled else f" (ill-conditioned: bound {self.bound:.1e})"
        return (f"{self.name:<22} {self.output:8.1e} {self.truth.torch_output:8.1e} {self.gradient:10.1e} "
                f"{self.truth.torch_gradient:8.1e} {self.moves:8.1e}  {verdict}{note}")


HEADING = f"{'network':<22} {'output':>8} {'torch':>8} {'gradient':>10} {'torch':>8} {'noise':>8}"
