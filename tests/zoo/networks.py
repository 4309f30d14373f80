# SPDX-License-Identifier: MIT
"""Networks of torchvision with made-up weights that make a fair test.

torchvision's own initial weights do not: batch norm does nothing, the layer scales of ConvNeXt are
1e-6, the head of a ViT is zero, so that whole branches could be missing unnoticed.

They do not make a fair gradient either.  It jumps where a ReLU's input passes zero, and of the millions in a deep network
some are within float32's rounding of it.  So the numbers of a channel that go into an activation lie around 1.5 or -1.5
with a spread of 0.35: four times that away from the corners of ReLU (0), ReLU6 (0 and 6) and hard swish (-3 and 3).  A
fourth of the channels is shut, the same in each layer, so that a sum with a shortcut keeps its distance, too.
"""

import torch
import torchvision

CENTRE, SPREAD = 1.5, 0.35

# name: side of the input picture; smaller where pooling of many windows would make the gradient ill-conditioned
ONNX = {
    "alexnet": 224,
    "vgg16": 224,
    "vgg16_bn": 224,
    "resnet18": 224,
    "resnet50": 224,
    "squeezenet1_1": 128,
    "densenet121": 224,
    "googlenet": 128,
    "inception_v3": 139,
    "mobilenet_v2": 224,
    "mobilenet_v3_small": 224,
    "shufflenet_v2_x1_0": 224,
    "mnasnet1_0": 224,
    "efficientnet_b0": 224,
    "regnet_y_400mf": 224,
    "convnext_tiny": 224,
    "vit_b_16": 224,
    "swin_t": 224,
    "fcn_resnet50": 128,
}
GRAPHS = [
    "alexnet",
    "vgg16",
    "resnet18",
    "resnet50",
    "squeezenet1_1",
    "densenet121",
    "googlenet",
    "mobilenet_v2",
    "vit_b_16",
]


class Segmentation(torch.nn.Module):
    """The map of classes alone, of the dictionary that torchvision's segmentation networks give."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x)["out"]


def picture(side, seed):
    """One picture of smooth patches and noise, as preprocessing would leave it; with much of it, neighbours differ and
    maxima are clear."""
    generator = torch.Generator().manual_seed(seed)
    patches = torch.randn(1, 3, 9, 9, generator=generator)
    smooth = torch.nn.functional.interpolate(patches, (side, side), mode="bilinear")
    return (0.5 * smooth + torch.randn(1, 3, side, side, generator=generator)).float()


def is_norm(module):
    return isinstance(module, torch.nn.modules.batchnorm._BatchNorm)


def centres(channels):
    """Where the numbers of each channel lie: three of four above zero, the fourth below."""
    return torch.tensor([CENTRE if c % 4 < 3 else -CENTRE for c in range(channels)])


def fill_parameters(model, generator):
    """Nothing stays 0, 1 or 1e-6, as torchvision leaves biases, norms and layer scales."""
    for name, parameter in model.named_parameters():
        if name.endswith("layer_scale"):
            parameter.uniform_(0.3, 1, generator=generator)
        elif parameter.min() == parameter.max() and parameter.max() == 1:
            parameter.uniform_(0.6, 1.4, generator=generator)
        elif parameter.min() == parameter.max():
            parameter.normal_(0, 0.1, generator=generator)


def centre_norms(model, generator):
    for module in model.modules():
        if is_norm(module):
            module.weight.uniform_(0.8 * SPREAD, 1.2 * SPREAD, generator=generator)
            module.bias.copy_(centres(len(module.bias)))
            module.momentum = 1.0


def centre_convolution(module, _, output):
    """A hook: the module's weights such that its output has the mean and spread that it should have."""
    mean, scale = output.mean((0, 2, 3)), SPREAD / output.std((0, 2, 3))
    centre = centres(len(mean))
    module.weight.mul_(scale[:, None, None, None])
    module.bias.copy_((module.bias - mean) * scale + centre)
    return (output - mean[:, None, None]) * scale[:, None, None] + centre[:, None, None]


def measure(model, side):
    """Statistics of norms and of convolutions without one are those of two pictures."""
    hooks = []
    if not any(is_norm(module) for module in model.modules()):
        hooks = [module.register_forward_hook(centre_convolution) for module in model.modules()
                 if isinstance(module, torch.nn.Conv2d)]
    model.train()
    model(torch.cat([picture(side, 1000), picture(side, 1001)]))
    model.eval()
    for hook in hooks:
        hook.remove()


def settle(model, side, seed=0):
    """Weights for a fair test, in place: every layer counts and activations keep their scale."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        fill_parameters(model, generator)
        if any(isinstance(module, (torch.nn.ReLU, torch.nn.ReLU6)) or is_norm(module)
               for module in model.modules()):
            centre_norms(model, generator)
            measure(model, side)
    return model.eval()


def build(name, side):
    """A torchvision network, float32, in inference mode; the same weights each time."""
    torch.manual_seed(0)
    if name.startswith("fcn_"):
        model = torchvision.models.segmentation.__dict__[name](weights=None, weights_backbone=None)
        return settle(Segmentation(model), side)
    options = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    if name == "inception_v3":
        options["aux_logits"] = False  # for training only, and not for small pictures
    return settle(torchvision.models.__dict__[name](weights=None, **options), side)
