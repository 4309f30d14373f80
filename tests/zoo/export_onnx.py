# SPDX-License-Identifier: MIT
"""torch.onnx.export as a user would call it."""

import torch

OPSET = 14
TORCH_2 = 18  # opsets from here on are those of torch 2's exporter


def spell_out_attention(model):
    """torch 1.13 cannot export the fused attention that it uses in inference; without dropout, training
    mode is the same arithmetic, spelled out.  Whether there was any."""
    found = False
    for module in model.modules():
        if isinstance(module, torch.nn.MultiheadAttention):
            module.training = found = True
    return found


def export_by_torch_2(model, x, path, opset, free_batch):
    """As torch 2 exports where nothing else is asked for; with its weights in the file."""
    batch = ({0: torch.export.Dim("batch")},) if free_batch else None
    torch.onnx.export(model, (x,), path, opset_version=opset, input_names=["input"], output_names=["output"],
                      dynamic_shapes=batch, dynamo=True, external_data=False)


def export_onnx(model, x, path, opset=OPSET, free_batch=True):
    """A file for pictures like x."""
    if opset >= TORCH_2:
        return export_by_torch_2(model, x, path, opset, free_batch)
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
