"""Publishing a large library in a separate process, with the same result."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from search.errors import LibraryError
from search.library import publishing, verifying
from search.model import Query, SegmentPart
from search.vectors import files
from search.vectors.base import COMPRESS_FROM
from tests.search.libraries import DIM, Entry, fill, open_library
from tests.waiting import PATIENCE_S

SEGMENTS = COMPRESS_FROM // 5 + 1
"""Of each of five clips: together one step beyond what is published in the job's own process."""


def entry(number: int) -> Entry:
    rng = np.random.default_rng(number)
    vectors = rng.standard_normal((SEGMENTS, DIM)).astype(np.float32)
    return Entry(f"{number}.wav", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


_JOB = """
import sys
from pathlib import Path
from tests.search.libraries import open_library
with open_library(Path(sys.argv[1])) as library, library.writer.lease("test", wait_s=60) as lease:
    assert library.publisher.publish(library.spaces.get(), lease)
    assert "faiss" not in sys.modules, "the job loaded FAISS"
"""


def publish_in_a_job(tmp_path):
    """A process that holds the lease and publishes, as an indexing job does."""
    return subprocess.run(
        [sys.executable, "-c", _JOB, str(tmp_path)], check=False, timeout=PATIENCE_S, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.thorough
def test_a_job_publishes_a_large_library_without_loading_faiss(tmp_path):
    """Trained, then grown, by another process; what it wrote is whole and found."""
    with open_library(tmp_path) as library:
        fill(library, [entry(n) for n in range(5)], publish=False)
        assert publish_in_a_job(tmp_path).stderr == ""
        fill(library, [entry(5)], publish=False)
        assert publish_in_a_job(tmp_path).stderr == ""
        index = library.view().of()[0].index
        kept = files.snapshots(library.spaces.folder(library.spaces.get()) / publishing.INDEX).open(index.base.sequence)
        assert files.read(kept).facts.trained_count == 5 * SEGMENTS
        assert len(index) == 6 * SEGMENTS
        assert verifying.verify(library) == []
        near = library.search(Query((SegmentPart(1), SegmentPart(2, -0.5)), k=3)).hits
        assert len(near) == 3


def test_what_goes_wrong_in_the_other_process_is_told_here(tmp_path, monkeypatch):
    """A place that cannot be written comes back as the LibraryError it is; a process that was killed, by its signal."""
    with open_library(tmp_path) as library:
        fill(library, [entry(n) for n in range(5)], publish=False)
        space = library.spaces.get()
        folder = library.spaces.folder(space)
        folder.parent.mkdir()
        folder.write_text("a file where the folder should be")
        monkeypatch.delitem(sys.modules, "faiss", raising=False)
        with pytest.raises(LibraryError, match="could not be written"):
            publishing.publish(library.publisher.publication(space), COMPRESS_FROM)
        monkeypatch.setattr(sys, "executable", str(_killed(tmp_path / "killed")))
        with pytest.raises(LibraryError, match="killed by SIGKILL"):
            publishing.publish(library.publisher.publication(space), COMPRESS_FROM)


def _killed(path):
    path.write_text("#!/bin/sh\nkill -9 $$\n")
    path.chmod(0o755)
    return path
