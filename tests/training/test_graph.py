"""The graph of the shipped network is what the committed script draws."""

from __future__ import annotations

from importlib import resources

import pytest

from search.encoders import graph as shipped

onnx = pytest.importorskip("onnx", reason="the graph is drawn with onnx: pip install 'soundalike[train]'")


def test_the_graph_that_ships_is_the_one_that_is_drawn(tmp_path):
    """Node by node: who changes the network, the front end or the drawing makes the file again."""
    from training import graph

    assert graph.main(["--out", str(tmp_path / "drawn.onnx")]) == 0
    drawn = onnx.load(tmp_path / "drawn.onnx", load_external_data=False)
    ours = onnx.load_from_string(resources.files("search.encoders").joinpath("data", shipped.FILE).read_bytes())
    assert drawn.graph == ours.graph
    assert drawn.opset_import == ours.opset_import
