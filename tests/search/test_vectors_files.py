"""Damaged or incomplete snapshots and full disks: never opened, always reported, nothing lost."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from search.errors import LibraryError, SnapshotError
from search.model import IndexChange
from search.snapshots import snapshot
from search.vectors import building, files
from search.vectors.snapshot import SnapshotIndex, verify
from tests.amounts import few
from tests.search.vector_helpers import DIM, clumped, fold

COUNT = 400


@pytest.fixture(params=["exact", "faiss"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def library(tmp_path: Path, kind: str) -> Path:
    """Snapshots 1 and 2 of 400 segments; the second lacks the segments 0 to 9."""
    index = opened(tmp_path, kind)
    fold(index, [IndexChange(1, np.arange(COUNT), clumped(COUNT, 1))], 1)
    fold(index, [IndexChange(2, np.arange(10), None)], 2)
    return tmp_path


def opened(directory: Path, kind: str) -> SnapshotIndex:
    return SnapshotIndex.open(directory, DIM, device="cpu", compress_from=1 if kind == "faiss" else 10**9)


def truncate(path: Path) -> None:
    put(path, path.read_bytes()[:-1])


def flip_last_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    put(path, data)


def put(path: Path, data: bytes | bytearray) -> None:
    """Change what one snapshot has; what the other has of the same file stays."""
    path.unlink()
    path.write_bytes(data)


def rewrite(field: str, value: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        manifest = json.loads(path.read_bytes())
        manifest[field] = value
        path.write_text(json.dumps(manifest))

    return change


DAMAGES = {
    "sidecar cut short": (files.SIDECAR, truncate),
    "sidecar gone": (files.SIDECAR, Path.unlink),
    "ids cut short": (files.IDS, truncate),
    "ids changed": (files.IDS, flip_last_byte),
    "manifest gone": (snapshot.MANIFEST, Path.unlink),
    "manifest cut short": (snapshot.MANIFEST, truncate),
    "manifest not JSON": (snapshot.MANIFEST, lambda path: path.write_bytes(b"\x00\xff")),
    "manifest of another kind of JSON": (snapshot.MANIFEST, lambda path: path.write_text("[1, 2]")),
    "manifest of a later format": (snapshot.MANIFEST, rewrite("format", files.KIND.format + 1)),
    "manifest of another snapshot": (snapshot.MANIFEST, rewrite("sequence", 7)),
    "manifest with another count": (snapshot.MANIFEST, rewrite("count", 3)),
    "manifest with a negative count": (snapshot.MANIFEST, rewrite("count", -1)),
    "manifest with another dimension": (snapshot.MANIFEST, rewrite("dim", DIM * 2)),
    "manifest with a count in words": (snapshot.MANIFEST, rewrite("count", "many")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot_is_passed_over(
    library: Path, kind: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The one before it is opened, the log and verify name the damaged folder, and opening it alone is an error."""
    name, harm = DAMAGES[damage]
    harm(library / "2" / name)
    with caplog.at_level(logging.WARNING):
        index = opened(library, kind)
    assert (index.sequence, len(index)) == (1, COUNT)
    assert index.view.search(clumped(COUNT, 1)[:1], 1)[1] == 0
    assert str(library / "2") in caplog.text
    with pytest.raises(SnapshotError, match="reindex rebuilds it"):
        files.read(files.snapshots(library).open(2), DIM)
    assert [str(library / "2") in line for line in verify(library)] == [True]
    index.replay([IndexChange(2, np.arange(10), None)])
    fold(index, [], 2)  # takes the damaged one's place
    assert verify(library) == []
    assert len(opened(library, kind)) == COUNT - 10


def test_a_compressed_index_that_faiss_cannot_read_is_passed_over(tmp_path: Path) -> None:
    """Also when it has the right size."""
    index = opened(tmp_path, "faiss")
    fold(index, [IndexChange(1, np.arange(COUNT), clumped(COUNT, 1))], 1)
    fold(index, [IndexChange(2, np.arange(10), None)], 2)
    path = tmp_path / "2" / files.COMPRESSED
    put(path, bytes(path.stat().st_size))
    assert opened(tmp_path, "faiss").sequence == 1
    assert any(files.COMPRESSED in line for line in verify(tmp_path))


def test_with_no_valid_snapshot_the_index_is_empty(library: Path, kind: str) -> None:
    """Sequence 0, so that the catalog's changes are all replayed."""
    for sequence in (1, 2):
        truncate(library / str(sequence) / files.SIDECAR)
    index = opened(library, kind)
    assert (index.sequence, len(index)) == (0, 0)


def test_verify_reads_every_byte(library: Path, kind: str) -> None:
    """A changed bit in the sidecar or the compressed index, which opening does not read, is found."""
    assert verify(library) == []
    for name in (files.SIDECAR, files.COMPRESSED) if kind == "faiss" else (files.SIDECAR,):
        flip_last_byte(library / "2" / name)
        assert any(name in line and "digest" in line for line in verify(library)), name


def test_verify_checks_what_was_written(tmp_path: Path) -> None:
    """A vector that is not of unit length is a fault even in files that are whole."""
    vectors = clumped(20, 1)
    vectors[7] *= 2
    fold(opened(tmp_path, "exact"), [IndexChange(1, np.arange(20), vectors)], 1)
    assert ["segment 7" in line for line in verify(tmp_path)] == [True]


def test_a_folder_of_something_else_is_no_snapshot(library: Path, kind: str) -> None:
    """Names that are not numbers are left alone, and an empty folder with a number is passed over."""
    (library / "notes").mkdir()
    (library / "99").mkdir()
    assert opened(library, kind).sequence == 2
    assert verify(library) != []


def test_a_publication_that_fails_leaves_nothing(library: Path, kind: str) -> None:
    """An error out of the catalog, or vectors that do not fit, half way: the index and the folder stay as they were."""
    before = sorted(library.rglob("*"))
    index = opened(library, kind)

    def broken() -> Iterator[IndexChange]:
        yield IndexChange(3, np.arange(1000, 1010), clumped(10, 2))
        raise LibraryError("the catalog is gone")

    with pytest.raises(LibraryError, match="catalog is gone"):
        fold(index, broken(), 3)
    with pytest.raises(LibraryError, match="dimensions"):
        fold(index, [IndexChange(3, np.arange(2), np.ones((2, DIM + 1), np.float32))], 3)
    assert sorted(library.rglob("*")) == before
    assert (index.sequence, index.pending, len(index)) == (2, 0, COUNT - 10)


FILLING = """
import resource, sys
from pathlib import Path
import numpy as np
from search.errors import LibraryError
from search.model import IndexChange
from tests.search.test_vectors_files import opened
from tests.search.vector_helpers import clumped, fold

index = opened(Path(sys.argv[1]), sys.argv[2])
change = IndexChange(3, np.arange(1000, 3000), clumped(2000, 2))
index.replay([change])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    fold(index, [], 3)
except LibraryError as error:
    print(error)
print(len(index), index.view.search(change.vectors[:1], 1)[1][0, 0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
@pytest.mark.parametrize("room_bytes", few([4_000, 150_000]))
def test_a_disk_that_takes_no_more_is_a_clear_error(library: Path, kind: str, room_bytes: int) -> None:
    """In the spool or in the sidecar: nothing half-written stays and the index still answers.

    A process that may write no larger file meets the same failure of write() as on a full disk.
    """
    before = sorted(library.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(library), kind, str(room_bytes)], capture_output=True, text=True, check=True
    )
    message, answer = done.stdout.splitlines()
    assert "snapshot 3 could not be written" in message
    assert answer == "2390 1000"
    assert sorted(library.rglob("*")) == before
    assert verify(library) == []


def test_a_compressed_index_that_cannot_be_written_is_an_error_of_the_disk(tmp_path: Path) -> None:
    """FAISS's own kind of error does not get out, so that a publication reports it like any other failed write."""
    rows = clumped(100, 1).astype(np.float16)
    with pytest.raises(OSError, match="FAISS"):
        building.build(rows, np.arange(100), tmp_path / "absent" / files.COMPRESSED)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    """As on a library that is mounted read-only: one line that names the folder."""
    (tmp_path / "file").write_text("in the way")
    index = SnapshotIndex.open(tmp_path / "file" / "index", DIM)
    index.replay([IndexChange(1, np.arange(3), clumped(3, 1))])
    with pytest.raises(LibraryError, match="snapshot 1 could not be written"):
        fold(index, [], 1)
    assert len(index) == 3


def test_a_full_or_read_only_disk_names_the_remedy(tmp_path: Path) -> None:
    """The system's own words, and what to do."""
    for code, remedy in ((28, "free some space"), (30, "mounted read-only"), (13, "permissions")):
        with pytest.raises(LibraryError, match=remedy) as caught, files.snapshots(tmp_path).publication(1):
            raise OSError(code, os.strerror(code))
        assert os.strerror(code) in str(caught.value)
        assert list(tmp_path.iterdir()) == []


DYING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from search.model import IndexChange
from tests.search.test_vectors_files import opened
from tests.search.vector_helpers import clumped, fold

def changes():
    yield IndexChange(3, np.arange(1000, 1100), clumped(100, 2))
    os.kill(os.getpid(), signal.SIGKILL)

fold(opened(Path(sys.argv[1]), sys.argv[2]), changes(), 3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_writer_that_is_killed_costs_nothing(library: Path, kind: str) -> None:
    """The half-written folder is never opened, is no problem to verify, and goes with the next publication."""
    done = subprocess.run([sys.executable, "-c", DYING, str(library), kind], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(library.iterdir())) == 3
    assert verify(library) == []
    index = opened(library, kind)
    assert (index.sequence, len(index)) == (2, COUNT - 10)
    fold(index, [IndexChange(3, np.arange(1000, 1100), clumped(100, 2))], 3)
    assert sorted(entry.name for entry in library.iterdir()) == ["2", "3"]
