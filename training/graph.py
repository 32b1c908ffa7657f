"""``python -m training.graph``: the graph that runs ``cnn:soundalike-1`` on a CPU, without its weights.

From the power spectrum (`search.encoders.spectrum`) to the embedding and the probabilities of the tags, as ONNX. Every
weight bears its name in the model's file, from where it is taken when the encoder is loaded, so this file changes only
with the shape of the network: ``search/encoders/data/soundalike-1.onnx``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from search.encoders import audioset, graph
from search.encoders.mn import HIDDEN, STEM_CHANNELS, TABLE, MnShape, multiple_of_8
from search.encoders.soundalike import WIDTH
from search.encoders.spectrum import FLOOR, SCALE, SHIFT, MelShape
from training.running import command

OPSET, IR_VERSION = 17, 8
"""Those of 2022: who runs this has an older library than who made it, now and then."""
OUT = Path(__file__).parents[1] / "search" / "encoders" / "data" / graph.FILE


class Drawing:
    """Nodes, and the weights that they take, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def node(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401 - the values are those of onnx
        """Add a node; the name of what it gives."""
        out = out or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def weight(self, name: str, *shape: int) -> str:
        """A weight that the model's file has."""
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", "weights"), ("offset", "0"), ("length", str(4 * int(np.prod(shape))))):
            tensor.external_data.add(key=key, value=value)
        self.weights.append(tensor)
        return name

    def constant(self, values: NDArray[np.generic]) -> str:
        """A constant that the graph itself holds."""
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def number(self, value: float) -> str:
        """The same, of one number."""
        return self.constant(np.array(value, np.float32))

    def linear(self, x: str, name: str, out: int, inputs: int, activation: str = "") -> str:
        """A product with a matrix of the file."""
        x = self.node("Gemm", x, self.weight(f"{name}.weight", out, inputs), self.weight(f"{name}.bias", out), transB=1)
        return self.node(activation, x) if activation else x

    def convolution(self, x: str, name: str, out: int, inputs: int, activation: str = "", **form: int) -> str:
        """A convolution with its folded norm; ``form``: ``kernel``, ``stride``, ``groups``, each 1 if not given."""
        kernel, groups = form.get("kernel", 1), form.get("groups", 1)
        x = self.node(
            "Conv",
            x,
            self.weight(f"{name}.weight", out, inputs // groups, kernel, kernel),
            self.weight(f"{name}.bias", out),
            kernel_shape=[kernel] * 2,
            pads=[kernel // 2] * 4,
            strides=[form.get("stride", 1)] * 2,
            group=groups,
        )
        return self.node(activation, x) if activation else x


def mel(drawing: Drawing, power: str, shape: MelShape) -> str:
    """Power (n, frames, bins) -> the network's input (n, 1, bands, frames), as `search.encoders.mel` has it."""
    parts = []
    for number, (bins, part) in enumerate(graph.bank_parts(shape)):
        edges = [drawing.constant(np.array([at], np.int64)) for at in (bins.start, bins.stop, 2)]
        parts.append(
            drawing.node("MatMul", drawing.node("Slice", power, *edges), drawing.weight(f"bank.{number}", *part.shape))
        )
    bands = drawing.node("Transpose", drawing.node("Concat", *parts, axis=2), perm=[0, 2, 1])
    level = drawing.node("Log", drawing.node("Add", bands, drawing.number(FLOOR)))
    scaled = drawing.node("Div", drawing.node("Add", level, drawing.number(SHIFT)), drawing.number(SCALE))
    return drawing.node("Unsqueeze", scaled, drawing.constant(np.array([1], np.int64)))


def bottleneck(drawing: Drawing, x: str, place: int, channels: int, shape: MnShape) -> tuple[str, int]:
    """Bottleneck ``place`` of the table (`search.encoders.mn`); what it gives, and its channels."""
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
    """Each channel scaled by what all channels' means say."""
    squeezed = multiple_of_8(channels // 4)
    means = drawing.node("Flatten", drawing.node("GlobalAveragePool", x))
    scale = drawing.linear(means, f"{name}.fc1", squeezed, channels, "Relu")
    scale = drawing.linear(scale, f"{name}.fc2", channels, squeezed, "Sigmoid")
    return drawing.node("Mul", x, drawing.node("Unsqueeze", scale, drawing.constant(np.array([2, 3], np.int64))))


def draw(shape: MnShape, mel_shape: MelShape) -> ModelProto:
    """The graph of a network: ``power`` (n, frames, bins) -> ``embedding`` (n, dim), ``tags`` (n, classes)."""
    drawing = Drawing()
    channels = shape.channels(STEM_CHANNELS)
    x = mel(drawing, "power", mel_shape)
    x = drawing.convolution(x, "features.0.0", channels, 1, "HardSwish", kernel=3, stride=2)
    for place in range(len(TABLE)):
        x, channels = bottleneck(drawing, x, place, channels, shape)
    x = drawing.convolution(x, f"features.{len(TABLE) + 1}.0", shape.dim, channels, "HardSwish")
    embedding = drawing.node("Flatten", drawing.node("GlobalAveragePool", x), out="embedding")
    hidden = drawing.linear(embedding, "classifier.2", shape.channels(HIDDEN), shape.dim, "HardSwish")
    drawing.node("Sigmoid", drawing.linear(hidden, "classifier.5", shape.classes, shape.channels(HIDDEN)), out="tags")
    bins = mel_shape.fft_size // 2 + 1
    body = helper.make_graph(
        drawing.nodes,
        "soundalike-1",
        [helper.make_tensor_value_info("power", TensorProto.FLOAT, ["windows", "frames", bins])],
        [
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["windows", shape.dim]),
            helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["windows", shape.classes]),
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
