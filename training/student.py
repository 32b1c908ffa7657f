"""The student: an mn network with the teacher's block boundaries but its own inner widths, and how its blocks run.

Because boundaries (channels, strides) are equal, each block can learn from the teacher's block alone. Inner widths are
free.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from search.encoders.mn import TABLE, Bottleneck, ConvNorm, MnNetwork, MnShape
from search.encoders.weights import read_state
from search.errors import UsageError

WIDTH, CLASSES = 0.4, 527

WIDER = (8, 32, 32, 32, 48, 48, 112, 96, 96, 96, 256, 288, 288, 416, 416)
"""Channels between the expansion and the projection of each bottleneck while a student learns from random weights. mn04
has 8, 24, 32, 32, 48, 48, 96, 80, 72, 72, 192, 272, 272, 384, 384."""

EXPANDED = (8, 24, 32, 32, 40, 48, 96, 80, 80, 80, 192, 256, 256, 384, 384)
"""The same for the shipped student (`training.narrow`): it is as fast as mn04; `WIDER` is not (docs/training.md)."""


def build(expanded: tuple[int, ...] = EXPANDED) -> MnNetwork:
    """A student with Kaiming weights. Raises UsageError when ``expanded`` does not fit the table of bottlenecks."""
    if len(expanded) != len(TABLE) or any(channels % 8 for channels in expanded):
        raise UsageError(f"a student has {len(TABLE)} inner widths, multiples of 8, not {expanded}")
    network = MnNetwork(MnShape(WIDTH, CLASSES, inner=expanded))
    _initialise(network)
    return channels_last(network)


def load_teacher(path: Path) -> MnNetwork:
    """The published network, with norms folded in, for inference only."""
    state = read_state(path)
    network = MnNetwork(MnShape.of_state(state))
    network.load_state_dict(state)
    network.fuse()
    network.requires_grad_(False)
    return channels_last(network)


def channels_last(network: MnNetwork) -> MnNetwork:
    """The same network, its weights laid out with channels innermost: three times as fast on a CPU."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def _initialise(network: MnNetwork) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.03
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01 if module.out_features == CLASSES else module.in_features**-0.5)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Dropout):
            module.p = 0.0


def run_block(block: nn.Module, x: Tensor, frozen: bool) -> Tensor:
    """Run one entry of ``features``.

    With ``frozen`` norms, the batch norm is folded into the convolution on the fly. Function and gradients are the same
    as with a norm in evaluation mode, in two thirds of the time.
    """
    if not frozen:
        out: Tensor = block(x)
        return out
    if isinstance(block, ConvNorm):
        return _folded(block, x)
    if not isinstance(block, Bottleneck):
        raise UsageError(f"{type(block).__name__} is no block of an mn network")
    y = x
    for layer in block.block:
        y = _folded(layer, y) if isinstance(layer, ConvNorm) else layer(y)
    return y + x if block.adds else y


def _folded(layer: ConvNorm, x: Tensor) -> Tensor:
    conv, norm = layer[0], layer[1]
    assert isinstance(conv, nn.Conv2d)  # noqa: S101 (for the type checker)
    assert isinstance(norm, nn.BatchNorm2d)  # noqa: S101  as above
    assert norm.running_mean is not None  # noqa: S101  as above
    assert norm.running_var is not None  # noqa: S101  as above
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    weight = conv.weight * scale[:, None, None, None]
    y = nn.functional.conv2d(
        x, weight, norm.bias - norm.running_mean * scale, conv.stride, conv.padding, 1, conv.groups
    )
    for activation in list(layer)[2:]:
        y = activation(y)
    return y
