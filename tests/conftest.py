"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.ground import process

process.own()  # the tests' processes are ours: encoders compute in one thread, as under the command line

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and models beside the project; the test is skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared is not there: this test needs its data or models")
    return SHARED
