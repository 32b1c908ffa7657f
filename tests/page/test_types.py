"""The page's types of the REST API match its OpenAPI document."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from search.model.aspects import TASTES
from search.service.document import main

WEBUI = Path(__file__).resolve().parents[2] / "webui"


@pytest.mark.thorough
def test_the_committed_types_are_current(tmp_path):
    """What `make types` writes is what is there."""
    generator = WEBUI / "node_modules" / ".bin" / "openapi-typescript"
    if shutil.which("node") is None or not generator.exists():
        pytest.skip("Node and the page's packages are not here: make page")
    assert main([str(tmp_path / "openapi.json")]) == 0
    command = [
        generator,
        tmp_path / "openapi.json",
        "--default-non-nullable",
        "false",
        "--output",
        tmp_path / "made.ts",
    ]
    subprocess.run(command, check=True, capture_output=True)
    known = (WEBUI / "src" / "api" / "schema.d.ts").read_text("utf-8")
    assert (tmp_path / "made.ts").read_text("utf-8") == known, "run: make types"


def test_what_an_imitation_weighs_is_what_the_service_weighs():
    """The page shows these weights in its sliders before the service is asked."""
    source = (WEBUI / "src" / "question" / "liking.ts").read_text("utf-8")
    (written,) = re.findall(r"export const IMITATION: .*? = \{(.*?)\};", source, re.DOTALL)
    weights = {name: float(weight) for name, weight in re.findall(r"(\w+): ([\d.]+)", written)}
    imitation = TASTES["imitation"]
    assert weights == {name: getattr(imitation, name) for name in ("kind", "timbre", "pitch", "envelope", "rhythm")}
