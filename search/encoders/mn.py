"""The "mn" networks of EfficientAT: MobileNetV3 widened or narrowed, on mel spectrograms.

After Schmid, Koutini, Widmer, "Efficient large-scale audio tagging via transformer-to-CNN knowledge distillation"
(ICASSP 2023) and Howard et al., "Searching for MobileNetV3" (ICCV 2019), table 1. Parameters have the names of the
published checkpoints, so that these load strictly: a file of another network is refused, not partly used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from search.errors import EncoderError

HeadKind: TypeAlias = Literal["mlp", "fully_convolutional"]
State: TypeAlias = Mapping[str, Tensor]

WIDTHS = (0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 2.0, 3.0, 4.0)
"""Published widths; a checkpoint does not state its width, but its shapes imply it."""


class BottleneckShape(NamedTuple):
    """A bottleneck of MobileNetV3-Large at width 1. ``stage``: its index in ``MnShape.strides``, None for stride 1."""

    kernel: int
    expanded: int
    out: int
    attends: bool
    hard_swish: bool
    stage: int | None = None


TABLE = (
    BottleneckShape(3, 16, 16, False, False),
    BottleneckShape(3, 64, 24, False, False, 0),
    BottleneckShape(3, 72, 24, False, False),
    BottleneckShape(5, 72, 40, True, False, 1),
    BottleneckShape(5, 120, 40, True, False),
    BottleneckShape(5, 120, 40, True, False),
    BottleneckShape(3, 240, 80, False, True, 2),
    BottleneckShape(3, 200, 80, False, True),
    BottleneckShape(3, 184, 80, False, True),
    BottleneckShape(3, 184, 80, False, True),
    BottleneckShape(3, 480, 112, True, True),
    BottleneckShape(3, 672, 112, True, True),
    BottleneckShape(5, 672, 160, True, True, 3),
    BottleneckShape(5, 960, 160, True, True),
    BottleneckShape(5, 960, 160, True, True),
)
STEM_CHANNELS, HIDDEN = 16, 1280
FRAMES_BESIDE = 1
"""How many frames on each side a frame is averaged with."""


@dataclass(frozen=True, slots=True)
class MnShape:
    """The shape of a network: its width, classes, head, and the strides of the four stages.

    ``inner``: channels inside each bottleneck, if they differ from the table (`cnn:soundalike-1`).
    """

    width: float
    classes: int
    head: HeadKind = "mlp"
    strides: tuple[int, int, int, int] = (2, 2, 2, 2)
    inner: tuple[int, ...] | None = None

    def channels(self, at_width_1: int) -> int:
        """Channels of a layer that has ``at_width_1`` at width 1, a multiple of 8."""
        return multiple_of_8(at_width_1 * self.width)

    def expanded(self, place: int) -> int:
        """Channels inside bottleneck ``place`` of the table."""
        return self.channels(TABLE[place].expanded) if self.inner is None else self.inner[place]

    @property
    def dim(self) -> int:
        """Length of the embedding: six times the last bottleneck's channels."""
        return 6 * self.channels(TABLE[-1].out)

    @classmethod
    def of_state(cls, state: State, strides: tuple[int, int, int, int] = (2, 2, 2, 2)) -> MnShape:
        """The shape of a published checkpoint. The caller gives the strides, which the weights do not show.

        Raises EncoderError if no published shape fits.
        """
        head: HeadKind = "mlp" if "classifier.5.bias" in state else "fully_convolutional"
        bias = state.get("classifier.5.bias" if head == "mlp" else "classifier.1.bias")
        last = state.get(f"features.{len(TABLE) + 1}.0.weight")
        widest = state.get(f"features.{len(TABLE)}.block.0.0.weight")
        if bias is not None and last is not None and widest is not None:
            for width in WIDTHS:
                shape = cls(width, len(bias), head, strides)
                if len(last) == shape.dim and len(widest) == shape.channels(TABLE[-1].expanded):
                    return shape
        raise EncoderError("these are not the weights of an mn network (EfficientAT, mn01 to mn40)")


def multiple_of_8(channels: float) -> int:
    """The multiple of 8 nearest to ``channels``, at least 8, never more than 10 % below (MobileNet's rule)."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class MnNetwork(nn.Module):
    """Mel (n, 1, bands, frames) -> embedding (n, dim), logits (n, classes)."""

    def __init__(self, shape: MnShape) -> None:
        super().__init__()
        self.strides = shape.strides
        stem = shape.channels(STEM_CHANNELS)
        layers: list[nn.Module] = [ConvNorm(1, stem, 3, stride=2, activation=nn.Hardswish(inplace=True))]
        channels = stem
        for place, row in enumerate(TABLE):
            layers.append(Bottleneck(channels, shape.expanded(place), row, shape))
            channels = shape.channels(row.out)
        layers.append(ConvNorm(channels, shape.dim, 1, activation=nn.Hardswish(inplace=True)))
        self.features = nn.Sequential(*layers)
        self.classifier = _head(shape)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """The embedding is the mean over bands and frames of the last layer; the head sees the same mean."""
        embedding = self.features(mel).mean((2, 3))
        return embedding, self.head(embedding)

    def with_frames(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """The embedding, and `frames_of` the last layer."""
        last = self.features(mel)
        return last.mean((2, 3)), frames_of(last)

    def head(self, embedding: Tensor) -> Tensor:
        """(n, dim) -> logits (n, classes). Every head is affine up to its mean over the map, so it can get the mean."""
        return self.classifier(embedding[:, :, None, None]).flatten(1)  # type: ignore[no-any-return]  # a module's

    def fuse(self) -> None:
        """Optimise for inference with the same outputs: fold batch norms into convolutions, use channels-last."""
        self.eval()
        for module in self.modules():
            if isinstance(module, ConvNorm):
                module.fold()
            if isinstance(module, nn.Conv2d):
                module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)


def frames_of(last: Tensor) -> Tensor:
    """The last layer (n, dim, bands, frames) -> (n, frames, dim): means over all bands and over neighbouring frames.

    A frame alone identifies a sound less well than with its neighbours.
    """
    means = nn.functional.avg_pool2d(
        last, (last.shape[2], 2 * FRAMES_BESIDE + 1), 1, (0, FRAMES_BESIDE), count_include_pad=False
    )
    return means[:, :, 0].transpose(1, 2)


class ConvNorm(nn.Sequential):
    """Convolution, batch norm, activation (None: none)."""

    def __init__(  # noqa: PLR0917 (as nn.Conv2d has them)
        self,
        channels: int,
        out: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        activation: nn.Module | None = None,
    ) -> None:
        conv = nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
        norm = nn.BatchNorm2d(out, eps=0.001, momentum=0.01)
        super().__init__(conv, norm, *([] if activation is None else [activation]))

    def fold(self) -> None:
        """Fold the norm into the convolution."""
        conv, norm = self[0], self[1]
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            self[0] = fuse_conv_bn_eval(conv, norm)
            self[1] = nn.Identity()


class Bottleneck(nn.Module):
    """Expand, convolve each channel, attend to channels, project; adds the input if the shapes allow."""

    def __init__(self, channels: int, expanded: int, row: BottleneckShape, shape: MnShape) -> None:
        super().__init__()
        out = shape.channels(row.out)
        stride = 1 if row.stage is None else shape.strides[row.stage]
        # the published networks add the input if the rounded channels are equal, which rounding to 8 can cause
        self.adds = stride == 1 and channels == out
        layers: list[nn.Module] = []
        if expanded != channels:
            layers.append(ConvNorm(channels, expanded, 1, activation=_activation(row)))
        layers.append(ConvNorm(expanded, expanded, row.kernel, stride, expanded, _activation(row)))
        if row.attends:
            layers.append(ChannelAttention(expanded))
        layers.append(ConvNorm(expanded, out, 1))
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, bands, frames) -> (n, out, bands / stride, frames / stride)."""
        added: Tensor = self.block(x)
        return added + x if self.adds else added


class ChannelAttention(nn.Module):
    """Squeeze and excitation over channels (Hu et al., CVPR 2018), one branch of the published concurrent block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.ModuleList([_Excite(channels, multiple_of_8(channels // 4))])

    def forward(self, x: Tensor) -> Tensor:
        """Each channel scaled by a factor between 0 and 1 that depends on all channels' means."""
        scale: Tensor = self.conc_se_layers[0](x.mean((2, 3)))
        return x * scale[:, :, None, None]


class _Excite(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, means: Tensor) -> Tensor:
        return torch.sigmoid(self.fc2(torch.relu(self.fc1(means))))


def _activation(row: BottleneckShape) -> nn.Module:
    return nn.Hardswish(inplace=True) if row.hard_swish else nn.ReLU(inplace=True)


def _head(shape: MnShape) -> nn.Sequential:
    """Embedding (n, dim, 1, 1) -> logits; layers without weights keep the published indices of the others."""
    if shape.head == "fully_convolutional":
        return nn.Sequential(nn.Conv2d(shape.dim, shape.classes, 1, bias=False), nn.BatchNorm2d(shape.classes))
    hidden = shape.channels(HIDDEN)
    return nn.Sequential(
        nn.Identity(),
        nn.Flatten(1),
        nn.Linear(shape.dim, hidden),
        nn.Hardswish(inplace=True),
        nn.Dropout(0.2),
        nn.Linear(hidden, shape.classes),
    )
