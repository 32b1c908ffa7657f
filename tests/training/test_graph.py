"""The graph of the shipped network is what the script writes, and its front end equals torch's."""

from __future__ import annotations

from importlib import resources

import numpy as np
import onnxruntime
import pytest
import torch

from search.encoders import graph as shipped
from search.encoders.mel import MelFrontEnd
from search.encoders.spectrum import MelShape

onnx = pytest.importorskip("onnx", reason="the graph is drawn with onnx: pip install 'soundalike[train]'")


def test_the_graph_that_ships_is_the_one_that_is_drawn(tmp_path):
    """Node by node: who changes the network, the front end or the drawing makes the file again."""
    from training import graph

    assert graph.main(["--out", str(tmp_path / "drawn.onnx")]) == 0
    drawn = onnx.load(tmp_path / "drawn.onnx", load_external_data=False)
    ours = onnx.load_from_string(resources.files("search.encoders").joinpath("data", shipped.FILE).read_bytes())
    assert drawn.graph == ours.graph
    assert drawn.opset_import == ours.opset_import


@pytest.mark.parametrize("samples", [962, 5_000, 50_001])
def test_the_front_end_is_the_one_of_torch(samples):
    """For sounds of any length, loud, quiet and silent; mirrored ends reach into every frame of the shortest."""
    from training import graph

    shape = MelShape()
    rng = np.random.default_rng(samples)
    waves = np.array([[0.3], [1e-4], [0]], np.float32) * rng.standard_normal((3, samples)).astype(np.float32)
    drawing = graph.Drawing(shipped.front_end(shape))
    found = graph.mel(drawing, "waves", samples, shape)
    weights = [onnx.numpy_helper.from_array(value, name) for name, value in shipped.front_end(shape).items()]
    constants = [weight for weight in drawing.weights if weight.data_location != onnx.TensorProto.EXTERNAL]
    float32, make = onnx.TensorProto.FLOAT, onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        drawing.nodes, "mel", [make("waves", float32, None)], [make(found, float32, None)], weights + constants
    )
    opsets = [onnx.helper.make_opsetid("", graph.OPSET)]
    model = onnx.helper.make_model(body, opset_imports=opsets, ir_version=graph.IR_VERSION)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    ours = session.run(None, {"waves": waves})[0]
    np.testing.assert_allclose(ours, MelFrontEnd(shape)(torch.from_numpy(waves)).numpy(), atol=3e-4)
