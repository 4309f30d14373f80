# SPDX-License-Identifier: MIT
"""Small networks out of torchvision's own blocks, each for one way in which networks are built."""

import functools

import torch
from torch import nn
from torchvision.models import convnext, mobilenetv3, resnet, swin_transformer
from torchvision.models.googlenet import Inception
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.models.vision_transformer import VisionTransformer


def head(channels, classes=5):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def residual():
    """Two basic blocks, one with a convolution in the shortcut."""
    shortcut = nn.Sequential(resnet.conv1x1(4, 6, 2), nn.BatchNorm2d(6))
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
        resnet.BasicBlock(4, 4), resnet.BasicBlock(4, 6, 2, shortcut), *head(6))


def inverted_residual():
    """MobileNetV3's block: depthwise convolution, squeeze and excitation, hard swish; and its head."""
    config = mobilenetv3.InvertedResidualConfig(8, 3, 16, 8, True, "HS", 1, 1, 1.0)
    norm = functools.partial(nn.BatchNorm2d, eps=0.001)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.Hardswish(), mobilenetv3.InvertedResidual(config, norm),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 12), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(12, 5))


def vit_block():
    """A vision transformer of one block: class token, position embedding, attention of two heads."""
    return VisionTransformer(8, 4, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16, num_classes=5)


class Swin(nn.Module):
    """Attention in shifted windows, and a patch merging.  The names are short: torch writes them often."""

    def __init__(self):
        super().__init__()
        self.p = nn.Conv2d(3, 4, 2, 2)
        self.b = swin_transformer.SwinTransformerBlock(4, 2, [2, 2], [1, 1], 2.0)
        self.m = swin_transformer.PatchMerging(4)
        self.h = nn.Linear(8, 5)

    def forward(self, x):
        x = self.m(self.b(self.p(x).permute(0, 2, 3, 1)))
        return self.h(x.mean([1, 2]))


def convnext_block():
    """Depthwise 7 x 7, layer norm over channels, GELU, a layer scale; and a downsampling."""
    config = convnext.CNBlockConfig
    return convnext.ConvNeXt([config(4, 6, 1), config(6, None, 1)], num_classes=5, stochastic_depth_prob=0.0)


def inception_block():
    """Four branches side by side, max pooling with ceil_mode."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(3, stride=2, ceil_mode=True),
        Inception(4, 3, 2, 4, 2, 3, 2), *head(12))


class Fcn(nn.Module):
    """Scores of three classes at every position, enlarged to the picture."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(),
                                      nn.Conv2d(8, 8, 3, padding=2, dilation=2), nn.ReLU())
        self.classifier = FCNHead(8, 3)

    def forward(self, x):
        scores = self.classifier(self.backbone(x))
        return nn.functional.interpolate(scores, size=x.shape[-2:], mode="bilinear", align_corners=False)


class Block(nn.Module):
    """A sum, and an activation that is used twice."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.act = nn.SiLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(2, channels)

    def forward(self, x):
        y = self.act(self.norm1(self.conv1(x)))
        return self.act(x + self.norm2(self.conv2(y)))


def grouped_block():
    """Normalisation of groups, of instances; slopes that are learnt."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 4), nn.GroupNorm(4, 8), nn.PReLU(8), Block(8), nn.InstanceNorm2d(8, affine=True),
        nn.GELU("tanh"), *head(8))


class Tokens(nn.Module):
    """Attention of three kinds, RMS normalisation, and batch norm over the tokens of all pictures."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 2, 2)
        self.norm = nn.RMSNorm(8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, activation="gelu", batch_first=True)
        self.cross = nn.MultiheadAttention(8, 4, batch_first=True)
        self.rows = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.norm(self.patches(x).flatten(2).transpose(1, 2))
        x = self.layer(x)
        x = x + self.cross(x, x[:, ::2], x[:, 1::2], need_weights=False)[0]
        x = self.rows(x.flatten(0, 1)).unflatten(0, (-1, x.shape[1]))
        heads = x.unflatten(2, (2, 4)).transpose(1, 2)
        seen = nn.functional.scaled_dot_product_attention(heads, heads, heads, is_causal=True)
        return self.head((x + seen.transpose(1, 2).flatten(2)).mean(1))


# name: what makes it, side of its picture, opset, is the batch free
NETWORKS = {
    "residual": (residual, 12, 9, True),
    "inverted_residual": (inverted_residual, 12, 14, True),
    "vit_block": (vit_block, 8, 17, True),
    "swin_block": (Swin, 8, 13, False),
    "convnext_block": (convnext_block, 16, 12, True),
    "inception_block": (inception_block, 14, 11, True),
    "fcn_head": (Fcn, 10, 11, True),
    "grouped_block": (grouped_block, 16, 20, True),
    "tokens": (Tokens, 8, 23, False),
}


def build(name, seed):
    torch.manual_seed(seed)
    return NETWORKS[name][0]()
