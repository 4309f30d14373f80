#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn a PyTorch state_dict file into a .safetensors file with the names and element types kept.

Only torch is needed, any version (numpy is not).  A checkpoint that wraps its state_dict, as in
{"state_dict": ...} or {"model": ...}, is unwrapped.  Batch norm's training counters
(NAME.num_batches_tracked) take no part in inference and are left out.

As a module: read_state_dict(path) and write_safetensors(path, tensors).
"""

import argparse
import ctypes
import inspect
import json
import os
import struct
import sys

import torch

DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net", "params")
COUNTER = "num_batches_tracked"
ALIGNMENT = 8  # of the first tensor in the file


class ExportError(Exception):
    """One line for the user."""


# --- Reading -------------------------------------------------------------------------------------


def load(path):
    """What the file holds, on the CPU; tensors and containers only, where torch can insist."""
    options = {"map_location": "cpu"}
    if "weights_only" in inspect.signature(torch.load).parameters:
        options["weights_only"] = True
    try:
        return torch.load(path, **options)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # torch raises whatever pickle, zipfile and its own code raise
        reason = str(error).strip().split("WeightsUnpickler error: ")[-1].split("\n")[0]
        raise ExportError(
            f"{path}: not a file of tensors, as torch.save(model.state_dict(), ...) writes "
            f"({type(error).__name__}: {reason})"
        ) from error


def is_state_dict(thing):
    return isinstance(thing, dict) and any(
        isinstance(value, torch.Tensor) for value in thing.values()
    )


def find_state_dict(path, key=None):
    """The state_dict in the file: under `key`, at the top, or under one of the usual names."""
    thing = load(path)
    if key is not None:
        if not isinstance(thing, dict) or key not in thing:
            raise ExportError(f"{path}: no entry '{key}'; {describe(thing)}")
        thing = thing[key]
    while not is_state_dict(thing) and isinstance(thing, dict):
        inner = [thing[name] for name in WRAPPERS if isinstance(thing.get(name), dict)]
        if not inner:
            break
        thing = inner[0]
    if not is_state_dict(thing):
        raise ExportError(f"{path}: no state_dict; {describe(thing)}")
    return thing


def describe(thing):
    if isinstance(thing, dict):
        return "the file has " + (", ".join(f"'{name}'" for name in list(thing)[:12]) or "nothing")
    return f"the file has a {type(thing).__name__}"


def read_state_dict(path, key=None, strip=""):
    """{name: tensor} of a PyTorch file; and the names left out: counters, and what is no tensor."""
    tensors, left_out = {}, []
    for name, value in find_state_dict(path, key).items():
        if not isinstance(value, torch.Tensor) or str(name).split(".")[-1] == COUNTER:
            left_out.append(str(name))
            continue
        name = str(name)[len(strip) :] if str(name).startswith(strip) else str(name)
        if name in tensors:
            raise ExportError(
                f"{path}: two tensors are called '{name}' without the prefix '{strip}'"
            )
        tensors[name] = value
    if not tensors:
        raise ExportError(f"{path}: no tensor but counters")
    return tensors, left_out


# --- Writing -------------------------------------------------------------------------------------


def tensor_bytes(name, tensor):
    """Elements in row-major order, little endian."""
    if tensor.dtype not in DTYPES or tensor.is_sparse or tensor.is_quantized:
        raise ExportError(f"tensor '{name}': cannot store {tensor.dtype}, {tensor.layout}")
    if sys.byteorder != "little":
        raise ExportError("this machine is big endian; run the conversion on a little-endian one")
    if tensor.numel() == 0:
        return b""
    whole = tensor.detach().cpu().contiguous()
    return ctypes.string_at(whole.data_ptr(), whole.numel() * whole.element_size())


def build_header(tensors, order):
    """JSON header, padded with spaces so that the first tensor is aligned."""
    header, position = {"__metadata__": {"format": "pt"}}, 0
    for name in order:
        size = tensors[name].numel() * tensors[name].element_size()
        header[name] = {
            "dtype": DTYPES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [position, position + size],
        }
        position += size
    text = json.dumps(header, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % ALIGNMENT)


def write_safetensors(path, tensors):
    """Write {name: torch tensor}; wide elements first, so that each is aligned to its own size."""
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    blocks = [tensor_bytes(name, tensors[name]) for name in order]
    header = build_header(tensors, order)
    partial = f"{path}.part"
    try:
        with open(partial, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.writelines(blocks)
        os.replace(partial, path)
    except OSError as error:
        if os.path.exists(partial):
            os.remove(partial)
        raise ExportError(f"{path}: {error.strerror or error}") from error


# --- Command line --------------------------------------------------------------------------------


def summary(tensors):
    kinds = sorted({DTYPES[tensor.dtype] for tensor in tensors.values()})
    numbers = sum(tensor.numel() for tensor in tensors.values())
    return f"{len(tensors)} tensors, {numbers} numbers, {' '.join(kinds)}"


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Turn a PyTorch state_dict file into .safetensors; names are kept."
    )
    parser.add_argument("input", help="PyTorch file (.pth, .pt, .bin, .ckpt)")
    parser.add_argument(
        "output", nargs="?", help="file to write (default: INPUT's name, .safetensors)"
    )
    parser.add_argument(
        "--key",
        help="entry with the state_dict (default: the top, else " + ", ".join(WRAPPERS) + ")",
    )
    parser.add_argument(
        "--strip", default="", metavar="PREFIX", help="drop from the names, e.g. 'module.'"
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    return parser.parse_args()


def main():
    options = parse_arguments()
    output = options.output or os.path.splitext(options.input)[0] + ".safetensors"
    try:
        tensors, left_out = read_state_dict(options.input, options.key, options.strip)
        write_safetensors(output, tensors)
    except ExportError as error:
        print(f"export_state_dict: {error}", file=sys.stderr)
        return 1
    if not options.quiet:
        print(f"{output}: {summary(tensors)}", file=sys.stderr)
        if left_out:
            print(
                f"left out: {len(left_out)} entries no layer reads, as {left_out[0]}",
                file=sys.stderr,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
