"""One Milvus server for the tests of this folder."""

from __future__ import annotations

import os

import pytest

from tests.cluster import milvus
from tests.waiting import PATIENCE_S


@pytest.fixture(scope="session")
def server():
    program = os.environ.get(milvus.PROGRAM)
    if program is None:
        pytest.skip(milvus.HOW_TO_GET)
    pytest.importorskip("pymilvus", reason="the milvus extra is not installed")
    from search.vectors.milvus import collection

    server = milvus.Server(program)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collection, "_ANSWER_S", PATIENCE_S)  # however busy this machine is
        yield server
    server.close()


@pytest.fixture
def at_server(server, monkeypatch):
    """The Milvus server; indexes of the kind ``milvus`` are kept on it."""
    monkeypatch.setenv("MILVUS_URI", server.url)
    return server
