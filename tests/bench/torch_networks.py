# SPDX-License-Identifier: MIT
"""The networks of graphs/ in torch, with the same names of parameters; made-up weights, kept in files that both
sides read.

A network of torchvision is built by torchvision; make() raises ImportError where that is absent."""
import collections
import json
import os
import struct
import sys

import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SIZES = {"shapes": 80}      # of pictures, where not 224
MOST_ITEMS = 8

# ---- EfficientNet-Lite0 ----

# repeats, kernel, stride of the first, expansion, channels in and out
BLOCKS = [(1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80),
          (3, 5, 1, 6, 80, 112), (4, 5, 2, 6, 112, 192), (1, 3, 1, 6, 192, 320)]


def conv(inputs, outputs, kernel, stride, size, groups=1):
    """A convolution with TensorFlow's "same" padding for pictures of a size, which may need a layer of its own."""
    whole = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    before, after = whole // 2, whole - whole // 2
    layer = torch.nn.Conv2d(inputs, outputs, kernel, stride, before if before == after else 0, groups=groups,
                            bias=False)
    if before != after:
        layer.register_forward_pre_hook(
            lambda _, x: torch.nn.functional.pad(x[0], (before, after, before, after)))
    return layer


def norm(channels):
    return torch.nn.BatchNorm2d(channels, eps=0.001)


class Block(torch.nn.Module):
    def __init__(self, kernel, stride, expansion, inputs, outputs, size):
        super().__init__()
        inner = inputs * expansion
        if expansion > 1:
            self._expand_conv, self._bn0 = conv(inputs, inner, 1, 1, size), norm(inner)
        self._depthwise_conv, self._bn1 = conv(inner, inner, kernel, stride, size, inner), norm(inner)
        self._project_conv, self._bn2 = conv(inner, outputs, 1, 1, -(-size // stride)), norm(outputs)
        self.relu = torch.nn.ReLU6(inplace=True)
        self.expands, self.adds = expansion > 1, stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.relu(self._bn0(self._expand_conv(x))) if self.expands else x
        y = self.relu(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return y + x if self.adds else y


class EfficientNetLite0(torch.nn.Module):
    def __init__(self):
        super().__init__()
        size, blocks = 112, []
        self._conv_stem, self._bn0 = conv(3, 32, 3, 2, 224), norm(32)
        for repeats, kernel, stride, expansion, inputs, outputs in BLOCKS:
            for number in range(repeats):
                blocks.append(Block(kernel, 1 if number else stride, expansion, outputs if number else inputs,
                                    outputs, size))
                size = size if number else -(-size // stride)
        self._blocks = torch.nn.ModuleList(blocks)
        self._conv_head, self._bn1 = conv(320, 1280, 1, 1, 7), norm(1280)
        self._fc = torch.nn.Linear(1280, 1000)
        self.relu = torch.nn.ReLU6(inplace=True)

    def forward(self, x):
        x = self.relu(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        x = self.relu(self._bn1(self._conv_head(x)))
        return self._fc(x.mean((2, 3)))


# ---- The demonstration network ----

def make_shapes():
    nn, layers, inputs = torch.nn, [], 3
    for stage, (count, channels) in enumerate([(1, 16), (2, 32), (2, 64), (2, 96)], 1):
        for number in range(1, count + 1):
            name = f"{stage}_{number}" if count > 1 else str(stage)
            layers += [("conv" + name, nn.Conv2d(inputs, channels, 3, padding=1)), ("relu" + name, nn.ReLU())]
            inputs = channels
        if stage < 4:
            layers.append((f"pool{stage}", nn.MaxPool2d(2)))
    layers += [("average", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("classifier", nn.Linear(96, 10))]
    return nn.Sequential(collections.OrderedDict(layers))


OWN = {"efficientnet_lite0": EfficientNetLite0, "shapes": make_shapes}


def make(name):
    """The network in inference mode, whose parameters need no gradients."""
    torch.manual_seed(1)
    if name in OWN:
        model = OWN[name]()
    else:
        import torchvision
        model = getattr(torchvision.models, name)(weights=None)
    return model.eval().requires_grad_(False)


# ---- Files ----

def numbers_of(tensor):
    """The memory of a float32 tensor, to be read into."""
    return memoryview(tensor.numpy()).cast("B")


def read_weights(model, path):
    """A .safetensors file straight into the parameters: no copy that would count as memory used."""
    tensors = model.state_dict()
    with open(path, "rb") as file:
        start = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(start))
        for name, place in header.items():
            if name != "__metadata__":
                file.seek(8 + start + place["data_offsets"][0])
                file.readinto(numbers_of(tensors[name]) if tensors[name].dim() else bytearray(4))


def write_files(name, folder):
    """NAME.safetensors and NAME.npy, a batch of noise, in a folder."""
    import numpy
    sys.path.insert(0, os.path.join(ROOT, "graphs"))
    from export_state_dict import write_safetensors
    tensors = {key: value for key, value in make(name).state_dict().items() if value.dim()}
    write_safetensors(os.path.join(folder, name + ".safetensors"), tensors)
    size = SIZES.get(name, 224)
    numpy.save(os.path.join(folder, name + ".npy"), torch.randn(MOST_ITEMS, 3, size, size).numpy())
