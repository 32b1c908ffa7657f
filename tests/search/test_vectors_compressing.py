"""Compressing in another process: the job stays small, and the index is the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from search.errors import SnapshotError
from search.model import IndexChange
from search.vectors import compressing, files
from search.vectors.folding import Merged
from search.vectors.snapshot import SnapshotIndex, verify
from tests.search.vector_helpers import clumped

DIM = 16

_PUBLISH = """
import sys
from pathlib import Path
import numpy as np
from search.model import IndexChange
from search.vectors.snapshot import SnapshotIndex

folder, rows = Path(sys.argv[1]), np.load(sys.argv[2])
writer = SnapshotIndex.open(folder, rows.shape[1], compress_from=500, searches=False)
half = len(rows) * 3 // 4
writer.fold([IndexChange(1, np.arange(half), rows[:half])], 1)
writer.fold([IndexChange(2, np.arange(half, len(rows)), rows[half:]), IndexChange(3, np.arange(100), None)], 3)
assert "faiss" not in sys.modules, "the job loaded FAISS"
"""


def test_a_job_publishes_the_same_index_without_loading_faiss(tmp_path: Path) -> None:
    """Trained, then grown, in another process: byte for byte what a process with FAISS writes itself."""
    rows = clumped(2000, 5, DIM)
    np.save(tmp_path / "rows.npy", rows)
    command = [sys.executable, "-c", _PUBLISH, str(tmp_path / "apart"), str(tmp_path / "rows.npy")]
    subprocess.run(command, check=True, timeout=120)
    here = SnapshotIndex.open(tmp_path / "here", DIM, device="cpu", compress_from=500)
    import faiss  # noqa: F401 -- from here on this process compresses by itself

    here.fold([IndexChange(1, np.arange(1500), rows[:1500])], 1)
    here.fold([IndexChange(2, np.arange(1500, 2000), rows[1500:]), IndexChange(3, np.arange(100), None)], 3)
    assert verify(tmp_path / "apart") == []
    for name in (files.COMPRESSED, files.IDS, files.SIDECAR, files.MANIFEST):
        apart, own = (tmp_path / which / "3" / name for which in ("apart", "here"))
        assert apart.read_bytes() == own.read_bytes(), name


@pytest.fixture
def in_the_making(tmp_path: Path) -> tuple[Path, Merged]:
    """A snapshot's folder with ids and sidecar, as `compress` finds it."""
    rows = clumped(600, 1, DIM).astype(np.float16)
    rows.tofile(tmp_path / files.SIDECAR)
    facts = files.write_ids(tmp_path / files.IDS, np.arange(600))
    return tmp_path, Merged(np.arange(600), facts, np.arange(600), np.empty(0, np.int64))


def test_what_goes_wrong_there_is_raised_here(
    in_the_making: tuple[Path, Merged], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged index to grow from, and a place that cannot be written, come back as what they are, with the cause."""
    folder, merged = in_the_making
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    damaged = folder / "old"
    damaged.write_bytes(b"no index")
    with pytest.raises(SnapshotError, match="no FAISS index"):
        compressing.compress(folder, merged, DIM, damaged)
    (folder / files.COMPRESSED).mkdir()
    with pytest.raises(OSError, match="FAISS"):
        compressing.compress(folder, merged, DIM, None)
    assert sorted(p.name for p in folder.iterdir()) == sorted([files.IDS, files.COMPRESSED, "old", files.SIDECAR])


def test_a_process_that_is_killed_is_a_disk_error_that_says_so(
    in_the_making: tuple[Path, Merged], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's out-of-memory killer leaves no message of its own: ours names the signal."""
    folder, merged = in_the_making
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(sys, "executable", str(_killed(folder.parent / "killed")))
    with pytest.raises(OSError, match="SIGKILL"):
        compressing.compress(folder, merged, DIM, None)


def _killed(path: Path) -> Path:
    path.write_text("#!/bin/sh\nkill -9 $$\n")
    path.chmod(0o755)
    return path
