# SPDX-License-Identifier: MIT
"""torch.onnx.export as a user would call it."""

import torch

OPSET = 14


def spell_out_attention(model):
    """torch 1.13 cannot export the fused attention that it uses in inference; without dropout, training
    mode is the same arithmetic, spelled out.  Whether there was any."""
    found = False
    for module in model.modules():
        if isinstance(module, torch.nn.MultiheadAttention):
            module.training = found = True
    return found


def export_onnx(model, x, path, opset=OPSET, free_batch=True):
    """A file for pictures like x."""
    mode = torch.onnx.TrainingMode
    torch.onnx.export(
        model,
        x,
        path,
        opset_version=opset,
        training=mode.PRESERVE if spell_out_attention(model) else mode.EVAL,
        input_names=["input"],
        output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}} if free_batch else None,
    )
    model.eval()
