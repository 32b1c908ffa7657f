"""Make a student with fewer inner channels from a trained one; training then continues (`training.recipe`).

Each bottleneck keeps the channels that its output depends on most. A channel's importance is the variance of its input
to the projection, times the squared length of its weights there. The mean of the removed channels is folded into the
projection's norm, so only their variation is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from search.encoders.mn import TABLE, Bottleneck, ChannelAttention, ConvNorm, MnNetwork, multiple_of_8
from search.errors import UsageError
from training.data import Batches, BatchShape, Source
from training.student import build
from training.weights import load_student, save, widths_of

BATCHES = 8


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """Mean and variance of each inner channel (channels,) of a bottleneck at the input of its projection."""

    mean: Tensor
    variance: Tensor


def channel_statistics(network: MnNetwork, batches: Iterable[Tensor]) -> list[ChannelStatistics]:
    """The statistics of all bottlenecks while ``network`` encodes ``batches`` (n, 1, bands, frames) one by one."""
    sums: list[list[Tensor]] = [[] for _ in TABLE]

    def keep(place: int, _module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].double()
        sums[place].append(torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))]))

    hooks = [
        _layers(block)[-1].register_forward_pre_hook(partial(keep, place)) for place, block in _bottlenecks(network)
    ]
    network.eval()
    with torch.inference_mode():
        for batch in batches:
            network(batch)
    for hook in hooks:
        hook.remove()
    means = [torch.stack(per_batch).mean(0) for per_batch in sums]
    return [ChannelStatistics(mean.float(), (square - mean.square()).float()) for mean, square in means]


def narrowed(wide: MnNetwork, statistics: Sequence[ChannelStatistics], expanded: tuple[int, ...]) -> MnNetwork:
    """The student of ``expanded`` inner widths that best approximates ``wide``.

    Raises UsageError if one of its widths is larger than that of ``wide``.
    """
    student = build(expanded)
    state = {name: value.clone() for name, value in wide.state_dict().items()}
    for place, block in _bottlenecks(wide):
        projection = state[f"features.{place + 1}.block.{len(block.block) - 1}.0.weight"][:, :, 0, 0]
        if expanded[place] > projection.shape[1]:
            raise UsageError(f"bottleneck {place} has {projection.shape[1]} channels, not {expanded[place]}")
        importance = statistics[place].variance * projection.square().sum(0)
        channels = importance.topk(expanded[place]).indices.sort().values
        _keep(state, f"features.{place + 1}.block.", block, channels, statistics[place].mean)
    student.load_state_dict(state)
    return student


@torch.no_grad()
def _keep(state: dict[str, Tensor], prefix: str, block: Bottleneck, channels: Tensor, mean: Tensor) -> None:
    last = len(block.block) - 1
    for number, layer in enumerate(block.block):
        at = f"{prefix}{number}."
        if isinstance(layer, ChannelAttention):
            _keep_attention(state, f"{at}conc_se_layers.0.", channels)
        elif number < last:
            # expansion and depthwise convolution: inner channels are their outputs
            for name in [name for name in state if name.startswith(at) and state[name].ndim]:
                state[name] = state[name][channels]
        else:
            weight = state[f"{at}0.weight"]
            removed = torch.ones(weight.shape[1], dtype=torch.bool)
            removed[channels] = False
            state[f"{at}1.running_mean"] -= weight[:, removed, 0, 0] @ mean[removed]
            state[f"{at}0.weight"] = weight[:, channels]


def _keep_attention(state: dict[str, Tensor], at: str, channels: Tensor) -> None:
    reads, writes = state[f"{at}fc1.weight"][:, channels], state[f"{at}fc2.weight"][channels]
    units = multiple_of_8(len(channels) // 4)
    strongest = (reads.norm(dim=1) * writes.norm(dim=0)).topk(units).indices.sort().values
    state[f"{at}fc1.weight"], state[f"{at}fc1.bias"] = reads[strongest], state[f"{at}fc1.bias"][strongest]
    state[f"{at}fc2.weight"], state[f"{at}fc2.bias"] = writes[:, strongest], state[f"{at}fc2.bias"][channels]


def _bottlenecks(network: MnNetwork) -> list[tuple[int, Bottleneck]]:
    blocks = [block for block in network.features if isinstance(block, Bottleneck)]
    return list(enumerate(blocks))


def _layers(block: Bottleneck) -> list[ConvNorm]:
    return [layer for layer in block.block if isinstance(layer, ConvNorm)]


def narrow(student: Path, out: Path, expanded: tuple[int, ...], sources: Sequence[Source]) -> None:
    """Narrow ``student`` (a checkpoint, or a small file) to ``expanded`` inner widths, and write it to ``out``.

    Raises UsageError if the student does not exist or has fewer channels.
    """
    widths = widths_of(student)
    wide = build(widths)
    step = load_student(wide, student)
    batches = Batches(sources, BatchShape(), seed=11)
    statistics = channel_statistics(wide, (torch.from_numpy(batches.batch(i)) for i in range(BATCHES)))
    save(narrowed(wide, statistics, expanded), out, {"step": "0", "from": f"{student.parent.name}, step {step}"})
    for place, (before, after) in enumerate(zip(widths, expanded, strict=True)):
        print(f"bottleneck {place}: {before} -> {after} channels inside")
