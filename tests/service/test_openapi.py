"""The OpenAPI document is true: responses to generated requests have the documented statuses, types and schemas.

``python -m benchmarks.serving.load`` is for speed; more of this is ``SCHEMATHESIS_CASES=5000 python -m pytest
-m thorough tests/service/test_openapi.py`` (CONTRIBUTING.md).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from search.service.config import MAX_K

CASES = int(os.environ.get("SCHEMATHESIS_CASES", "0"))
CONFIG = Path(__file__).with_name("schemathesis.toml")
FEW = 60
"""Cases in the default run."""


def run(url, cases, operations, folder):
    """Schemathesis over a served document, all checks: at least so many cases, divided over the operations."""
    command = [
        Path(sys.executable).with_name("schemathesis"), "--config-file", CONFIG, "run", f"{url}/api/v1/openapi.json",
        "--max-examples", str(max(1, -(-cases // operations))), "--phases", "examples,fuzzing,stateful",
        "--checks", "all", "--seed", "7", "--generation-database", "none", "--workers", "1",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    generated = re.search(r"(\d+) generated", done.stdout)
    return done, int(generated[1]) if generated else 0


@pytest.mark.thorough
@pytest.mark.timeout(3600)
def test_generated_requests_get_what_the_document_promises(server, tmp_path):
    """All of schemathesis' checks hold: no 5xx, documented statuses, media types and shapes, wrong data refused."""
    operations = sum(len(methods) for methods in server.get("/api/v1/openapi.json").json()["paths"].values())
    done, generated = run(server.url, CASES or FEW, operations, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:]
    assert generated >= (CASES or FEW)


def test_the_document_is_openapi_3_1_and_every_answer_has_a_shape(reader):
    """Each operation says what it does, what it answers, and that errors are problem documents."""
    document = reader.get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert [status for status in operation["responses"] if status.startswith("2")], (method, path)
            problem = operation["responses"]["422"]["content"]["application/problem+json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}


def test_the_endpoints_of_the_design_are_there(reader):
    paths = reader.get("/api/v1/openapi.json").get_json()["paths"]
    for method, path in [
        ("post", "/search"), ("post", "/recommend"), ("post", "/recommend/batch"), ("put", "/feedback/{profile}"),
        ("delete", "/feedback/{profile}"), ("get", "/duplicates"), ("get", "/map"), ("get", "/clips"),
        ("post", "/clips"), ("get", "/clips/{clip_id}"),
        ("patch", "/clips/{clip_id}"), ("delete", "/clips/{clip_id}"), ("get", "/clips/{clip_id}/audio"),
        ("get", "/clips/{clip_id}/peaks"), ("get", "/clips/{clip_id}/spectrogram.png"),
        ("get", "/clips/{clip_id}/similar"), ("get", "/jobs"), ("get", "/jobs/{job_id}"),
        ("get", "/jobs/{job_id}/events"), ("post", "/jobs/{job_id}/pause"), ("post", "/jobs/{job_id}/resume"),
        ("post", "/jobs/{job_id}/cancel"), ("get", "/health"), ("get", "/ready"), ("get", "/metrics"),
    ]:  # fmt: skip
        assert method in paths[f"/api/v1{path}"]


def test_a_search_may_come_as_json_or_with_files(reader):
    """Both bodies are described, and the limits of one are those that are enforced."""
    document = reader.get("/api/v1/openapi.json").get_json()
    content = document["paths"]["/api/v1/search"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert document["components"]["schemas"]["SearchIn"]["properties"]["k"]["maximum"] == MAX_K
