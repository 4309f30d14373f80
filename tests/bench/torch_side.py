#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The other side of the benchmark: times one network in torch on request, as network_bench.c does in rayinterp.

    torch_side.py NETWORK FOLDER [cpu]      answers requests; FOLDER holds NETWORK.safetensors and NETWORK.npy
    torch_side.py NETWORK FOLDER make       writes these two

Requests are those of network_bench.c, and
    compare FILE        how far the last map is from that of a .npy file: root of the sum of squared differences over
                        that of the squares
`gradient`, `guided_backprop` and `grad_cam` are written as lean as torch allows; `ebp`, `contrastive_ebp`, `rise` and
`extremal_perturbation` are the reference package's."""
import importlib
import os
import re
import sys
import time

import numpy
import torch

import torch_networks

TARGET = 1
STEPPED, STEPS = ("rise", "extremal_perturbation"), 4     # calls of the network, as rows.py asks for


class GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        y = x.clamp(min=0)
        context.save_for_backward(y)
        return y

    @staticmethod
    def backward(context, signal):
        y, = context.saved_tensors
        return signal.clamp(min=0) * (y > 0)


class Guided(torch.nn.Module):
    def forward(self, x):
        return GuidedReLU.apply(x)


def with_guided_relus(model):
    for name, child in list(model.named_children()):
        if isinstance(child, torch.nn.ReLU):
            setattr(model, name, Guided())
        else:
            with_guided_relus(child)
    return model


def reference(module, function):
    return getattr(importlib.import_module("torchray.attribution." + module), function)


class TorchSide:
    def __init__(self, name, folder, clock):
        self.clock, self.name, self.weights = clock, name, os.path.join(folder, name + ".safetensors")
        self.model, self.changed = self.load(), {}
        self.inputs = torch.from_numpy(numpy.load(os.path.join(folder, name + ".npy")))
        self.map, self.starts = None, []
        self.model.register_forward_pre_hook(lambda *_: self.starts.append(clock()))

    def load(self):
        model = torch_networks.make(self.name)
        torch_networks.read_weights(model, self.weights)
        return model

    def changed_model(self, change):
        """Another copy of the network, changed; made once."""
        if change not in self.changed:
            self.changed[change] = change(self.load())
        return self.changed[change]

    def excited_model(self):
        """The reference wants the sums of a ResNet as modules."""
        if not self.name.startswith("resnet"):
            return self.model
        return self.changed_model(reference("excitation_backprop", "update_resnet"))

    # ---- Methods: (input, layer, settings), the map ----

    def forward(self, x, layer, settings):
        with torch.no_grad():
            return self.model(x)

    def gradient(self, x, layer, settings, model=None):
        x = x.clone().requires_grad_(True)
        (model or self.model)(x)[:, TARGET].sum().backward()
        return x.grad.abs().amax(1, keepdim=True)

    def guided_backprop(self, x, layer, settings):
        return self.gradient(x, layer, settings, self.changed_model(with_guided_relus))

    def grad_cam(self, x, layer, settings):
        kept = []
        hook = self.model.get_submodule(layer).register_forward_hook(
            lambda *call: kept.append(call[2].detach().requires_grad_(True)) or kept[0])
        score = self.model(x)[:, TARGET].sum()
        hook.remove()
        signal, = torch.autograd.grad(score, kept)
        return (kept[0] * signal.mean((2, 3), keepdim=True)).sum(1, keepdim=True).clamp(min=0).detach()

    def ebp(self, x, layer, settings):
        method = reference("excitation_backprop", "excitation_backprop")
        return method(self.excited_model(), x, TARGET, saliency_layer=layer)

    def contrastive_ebp(self, x, layer, settings):
        method = reference("excitation_backprop", "contrastive_excitation_backprop")
        return method(self.excited_model(), x, TARGET, saliency_layer=layer, **settings)

    def rise(self, x, layer, settings):
        found = reference("rise", "rise")(self.model, x, TARGET, **{k: int(v) for k, v in settings.items()})
        return found if found.shape[1] == 1 else found[:, TARGET:TARGET + 1]

    def extremal_perturbation(self, x, layer, settings):
        method = reference("extremal_perturbation", "extremal_perturbation")
        return method(self.model, x, TARGET, max_iter=int(settings["max_iter"]))[0]

    # ---- Requests ----

    def time(self, method, items, batch, threads, layer, *settings):
        torch.set_num_threads(int(threads))
        settings = dict(setting.split("=") for setting in settings)
        x = self.inputs[:int(items)]
        self.starts.clear()
        start = self.clock()
        self.map = getattr(self, method)(x, layer, settings)
        taken = self.clock() - start
        if method in STEPPED:
            taken = (self.starts[-1] - self.starts[-STEPS]) / (STEPS - 1) / int(batch)
        return f"{taken * 1e3:.4f}"

    def compare(self, path):
        mine, other = self.map.detach().double(), torch.from_numpy(numpy.load(path)).double()
        return f"{((mine - other).norm() / mine.norm().clamp(min=1e-300)).item():.3e}"

    def about(self):
        versions = [f"torch {torch.__version__}"]
        for name in "torchvision", "torchray":
            try:
                module = importlib.import_module(name)
                versions.append(f"{name} {getattr(module, '__version__', '')}".strip())
            except ImportError:
                versions.append(f"no {name}")
        with open("/proc/self/maps", encoding="utf-8") as maps:
            products = {os.path.basename(line.split()[-1]) for line in maps if re.search("blas|mkl", line)}
        return ", ".join(versions + sorted(products))

    def answer(self, line):
        word, *rest = line.split()
        try:
            return {"time": self.time, "compare": self.compare, "about": self.about}[word](*rest)
        except Exception as error:      # whatever torch and the reference raise
            return f"error {type(error).__name__}: {error}".replace("\n", " ")


def main():
    name, folder = sys.argv[1:3]
    if sys.argv[3:] == ["make"]:
        torch_networks.write_files(name, folder)
        return
    side = TorchSide(name, folder, time.process_time if sys.argv[3:] == ["cpu"] else time.perf_counter)
    for line in sys.stdin:
        print(side.answer(line), flush=True)


if __name__ == "__main__":
    main()
