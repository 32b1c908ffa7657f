"""``python -m training.graph``: write the graph that runs ``cnn:soundalike-1`` on a CPU, without its weights.

The graph goes from a window's samples to the embedding and the probabilities of the tags, as ONNX. Each weight has the
name that it has in the model's file, and is taken from there when the encoder is loaded. So the graph,
``search/encoders/data/soundalike-1.onnx``, changes only with the shape of the network and of the front end.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from search.encoders import audioset, fourier, graph
from search.encoders.family import WINDOW_S
from search.encoders.mn import FRAMES_BESIDE, HIDDEN, STEM_CHANNELS, TABLE, MnShape, multiple_of_8
from search.encoders.soundalike import WIDTH
from search.encoders.spectrum import FLOOR, PRE_EMPHASIS, SCALE, SHIFT, MelShape
from training.running import command

OPSET, IR_VERSION = 17, 8
"""Versions of 2022, because the machine that runs the graph may have an older library than the one that made it."""
BLOCK = 16
"""How many channels ONNX Runtime stores side by side. With fewer channels between two layers, it converts the layout
back and forth."""
OUT = Path(__file__).parents[1] / "search" / "encoders" / "data" / graph.FILE


class Drawing:
    """Collects the nodes of a graph and the weights that they use."""

    def __init__(self, front_end: Mapping[str, NDArray[np.float32]]) -> None:
        self._front_end = front_end
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def node(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401 - the values are those of onnx
        """Add a node. Return the name of its output."""
        out = out or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def weight(self, name: str, *shape: int) -> str:
        """Declare a weight of the model's file, once per name. Return its name."""
        if any(known.name == name for known in self.weights):
            return name
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", "weights"), ("offset", "0"), ("length", str(4 * int(np.prod(shape))))):
            tensor.external_data.add(key=key, value=value)
        self.weights.append(tensor)
        return name

    def computed(self, name: str) -> str:
        """A weight of the front end (`search.encoders.graph.front_end`)."""
        return self.weight(name, *self._front_end[name].shape)

    def constant(self, values: NDArray[np.generic]) -> str:
        """A constant that the graph itself holds."""
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def integers(self, *values: int) -> str:
        """The same, of whole numbers."""
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        """The same, of one number."""
        return self.constant(np.array(value, np.float32))

    def linear(self, x: str, name: str, out: int, inputs: int, activation: str = "") -> str:
        """A linear layer with the file's weights, and an activation, if named."""
        x = self.node("Gemm", x, self.weight(f"{name}.weight", out, inputs), self.weight(f"{name}.bias", out), transB=1)
        return self.node(activation, x) if activation else x

    def convolution(self, x: str, name: str, out: int, inputs: int, activation: str = "", **form: int) -> str:
        """A convolution with its folded norm; ``form``: ``kernel``, ``stride``, ``groups``, each 1 by default.

        If there are fewer channels than a `BLOCK`, they are padded with zeros.
        """
        kernel, groups = form.get("kernel", 1), form.get("groups", 1)
        weight = self.weight(f"{name}.weight", out, inputs // groups, kernel, kernel)
        bias = self.weight(f"{name}.bias", out)
        more_out, more_in = max(BLOCK - out, 0), max(BLOCK - inputs, 0) if groups == 1 < inputs else 0
        if more_out or more_in:
            weight = self.node("Pad", weight, self.integers(0, 0, 0, 0, more_out, more_in, 0, 0))
            bias = self.node("Pad", bias, self.integers(0, more_out))
        x = self.node(
            "Conv",
            x,
            weight,
            bias,
            kernel_shape=[kernel] * 2,
            pads=[kernel // 2] * 4,
            strides=[form.get("stride", 1)] * 2,
            group=groups if groups == 1 else max(groups, BLOCK),
        )
        return self.node(activation, x) if activation else x

    def reshape(self, x: str, *shape: int) -> str:
        """``x`` with its dimensions after the first (windows) reshaped to ``shape``."""
        return self.node("Reshape", x, self.integers(-1, *shape))


def spectrum(drawing: Drawing, waves: str, samples: int, shape: MelShape) -> tuple[str, int]:
    """Waves (n, samples) -> power (n, places of `fourier`, frames); and the number of frames.

    Pre-emphasis is y[t] = x[t + 1] - .97 x[t]. Frames are centred on every hop, and the sound is mirrored at its ends.
    torch.stft puts the window in the middle of a frame of fft_size; its place in the frame does not change the power.
    """
    now, before = (
        drawing.node("Slice", waves, *(drawing.integers(at) for at in (start, start + samples - 1, 1)))
        for start in (1, 0)
    )
    emphasised = drawing.node("Add", now, drawing.node("Mul", before, drawing.number(-PRE_EMPHASIS)))
    frames = 1 + (samples - 1) // shape.hop
    blocks, rows = frames + fourier.blocks_of_frame(shape) - 1, shape.hop // fourier.OUTER
    left, right = shape.window // 2, blocks * shape.hop - (samples - 1) - shape.window // 2
    mirrored = drawing.node("Pad", emphasised, drawing.integers(0, left, 0, right), mode="reflect")
    # in two steps, each of which is fast, to (b, a, blocks)
    x = drawing.node("Transpose", drawing.reshape(mirrored, blocks, shape.hop), perm=[0, 2, 1])
    x = drawing.node("Transpose", drawing.reshape(x, rows, fourier.OUTER, blocks), perm=[0, 2, 1, 3])
    first, second = (drawing.computed(name) for name in ("fourier.first", "fourier.second"))
    kernel = [1, fourier.blocks_of_frame(shape)]
    x = drawing.reshape(x, shape.hop, 1, blocks)
    x = drawing.node("Conv", x, first, kernel_shape=kernel, group=fourier.OUTER)
    x = drawing.reshape(x, fourier.OUTER, fourier.kept(shape), 2 * frames)
    x = drawing.reshape(drawing.node("Transpose", x, perm=[0, 2, 1, 3]), fourier.kept(shape), 2 * fourier.OUTER, frames)
    x = drawing.reshape(drawing.node("MatMul", second, x), fourier.kept(shape), 2, fourier.OUTER * frames)
    power = drawing.node("ReduceSum", drawing.node("Mul", x, x), drawing.integers(2), keepdims=0)
    return drawing.reshape(power, fourier.kept(shape) * fourier.OUTER, frames), frames


def mel(drawing: Drawing, waves: str, samples: int, shape: MelShape) -> str:
    """Waves (n, samples) -> the network's input (n, 1, bands, frames), as `search.encoders.mel` computes it."""
    power, frames = spectrum(drawing, waves, samples, shape)
    places, parts = fourier.places(shape), []
    for number, (bins, _) in enumerate(graph.bank_parts(shape)):
        reached = drawing.node("Gather", power, drawing.constant(places[bins]), axis=1)
        parts.append(drawing.node("MatMul", drawing.computed(f"bank.{number}"), reached))
    bands = drawing.node("Concat", *parts, axis=1)
    level = drawing.node("Log", drawing.node("Add", bands, drawing.number(FLOOR)))
    scaled = drawing.node("Div", drawing.node("Add", level, drawing.number(SHIFT)), drawing.number(SCALE))
    return drawing.reshape(scaled, 1, shape.bands, frames)


def bottleneck(drawing: Drawing, x: str, place: int, channels: int, shape: MnShape) -> tuple[str, int]:
    """Add bottleneck ``place`` of the table (`search.encoders.mn`). Return the name and the channels of its output."""
    row = TABLE[place]
    inner, out = shape.expanded(place), shape.channels(row.out)
    stride = 1 if row.stage is None else shape.strides[row.stage]
    activation = "HardSwish" if row.hard_swish else "Relu"
    layer, inside = f"features.{place + 1}.block", 0
    y = x
    if inner != channels:
        y, inside = drawing.convolution(y, f"{layer}.0.0", inner, channels, activation), 1
    y = drawing.convolution(
        y, f"{layer}.{inside}.0", inner, inner, activation, kernel=row.kernel, stride=stride, groups=inner
    )
    if row.attends:
        inside += 1
        y = attention(drawing, y, f"{layer}.{inside}.conc_se_layers.0", inner)
    y = drawing.convolution(y, f"{layer}.{inside + 1}.0", out, inner)
    return (drawing.node("Add", y, x) if stride == 1 and channels == out else y), out


def attention(drawing: Drawing, x: str, name: str, channels: int) -> str:
    """Scale each channel by a function of the means of all channels (squeeze and excitation)."""
    squeezed = multiple_of_8(channels // 4)
    means = drawing.node("Flatten", drawing.node("GlobalAveragePool", x))
    scale = drawing.linear(means, f"{name}.fc1", squeezed, channels, "Relu")
    scale = drawing.linear(scale, f"{name}.fc2", channels, squeezed, "Sigmoid")
    return drawing.node("Mul", x, drawing.node("Unsqueeze", scale, drawing.integers(2, 3)))


def head(drawing: Drawing, embedding: str, shape: MnShape) -> str:
    """Embeddings (n, dim) -> logits (n, classes)."""
    hidden = drawing.linear(embedding, "classifier.2", shape.channels(HIDDEN), shape.dim, "HardSwish")
    return drawing.linear(hidden, "classifier.5", shape.classes, shape.channels(HIDDEN))


def frame_by_frame(drawing: Drawing, x: str, shape: MnShape) -> None:
    """The last map (n, dim, bands, frames) -> ``frames`` (n, frames, dim), ``frame_tags`` (n, frames, classes).

    See `search.encoders.mn.frames_of`. The head is the same as for windows.
    """
    around, bands = 2 * FRAMES_BESIDE + 1, MelShape().bands // math.prod((2, *shape.strides))
    kernel, pads = [bands, around], [0, FRAMES_BESIDE, 0, FRAMES_BESIDE]
    means = drawing.node("AveragePool", x, kernel_shape=kernel, pads=pads, count_include_pad=0)
    means = drawing.reshape(means, shape.dim, graph.FRAMES)
    frames = drawing.node("Transpose", means, perm=[0, 2, 1], out="frames")
    tags = drawing.node("Sigmoid", head(drawing, drawing.reshape(frames, shape.dim), shape))
    drawing.node("Reshape", tags, drawing.integers(-1, graph.FRAMES, shape.classes), out="frame_tags")


def draw(shape: MnShape, mel_shape: MelShape) -> ModelProto:
    """The graph of a network: ``waves`` (n, samples) -> ``embedding`` (n, dim), ``tags`` (n, classes), and frames."""
    drawing = Drawing(graph.front_end(mel_shape))
    samples = round(WINDOW_S * mel_shape.rate_hz)
    channels = shape.channels(STEM_CHANNELS)
    x = mel(drawing, "waves", samples, mel_shape)
    x = drawing.convolution(x, "features.0.0", channels, 1, "HardSwish", kernel=3, stride=2)
    for place in range(len(TABLE)):
        x, channels = bottleneck(drawing, x, place, channels, shape)
    x = drawing.convolution(x, f"features.{len(TABLE) + 1}.0", shape.dim, channels, "HardSwish")
    embedding = drawing.node("Flatten", drawing.node("GlobalAveragePool", x), out="embedding")
    drawing.node("Sigmoid", head(drawing, embedding, shape), out="tags")
    frame_by_frame(drawing, x, shape)
    body = helper.make_graph(
        drawing.nodes,
        "soundalike-1",
        [helper.make_tensor_value_info("waves", TensorProto.FLOAT, ["windows", samples])],
        [
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["windows", shape.dim]),
            helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["windows", shape.classes]),
            helper.make_tensor_value_info("frames", TensorProto.FLOAT, ["windows", graph.FRAMES, shape.dim]),
            helper.make_tensor_value_info("frame_tags", TensorProto.FLOAT, ["windows", graph.FRAMES, shape.classes]),
        ],
        initializer=drawing.weights,
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def shipped() -> ModelProto:
    """The graph of the network that ships."""
    shape = MnShape(WIDTH, len(audioset.class_names()), inner=graph.INNER)
    return draw(shape, MelShape())


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m training.graph", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="(default: where it ships)")
    args = parser.parse_args(arguments)
    args.out.write_bytes(shipped().SerializeToString(deterministic=True))
    print(f"{args.out}: {args.out.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
