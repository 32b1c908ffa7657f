"""The contract of `search.ports.VectorIndex` for Milvus: completely published, and half published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.model import Ids, Vectors
from search.vectors.milvus.kept import open_milvus
from tests.search import test_vectors_contract as contract
from tests.search.test_vectors_contract import *  # noqa: F403  the tests of the contract
from tests.search.vector_helpers import Backend, Written

pytestmark = pytest.mark.cluster


def _published(folder: Path, ids: Ids, vectors: Vectors) -> Written:
    index = Written(open_milvus(folder / "index", vectors.shape[1], "cpu"))
    index.add(ids, vectors)
    index.publish()
    return index


def _half(folder: Path, ids: Ids, vectors: Vectors) -> Written:
    half = ids.size // 2
    replaced = np.concatenate([vectors[:half], vectors[:3]])  # three that the delta will replace
    index = _published(folder, ids[: half + 3], replaced)
    index.add(ids[half:], vectors[half:])
    return index


@pytest.fixture(params=[Backend("milvus", _published, exact=False), Backend("and a delta", _half, exact=False)])
def backend(request, at_server) -> Backend:
    return request.param


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> contract.Make:
    return lambda ids, vectors: backend.make(tmp_path, ids, vectors)
