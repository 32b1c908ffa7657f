"""The libraries that are served: made once without encoding anything, and copied for each run."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common import names
from benchmarks.common.outputs import report_progress
from benchmarks.index.vectors import SEGMENTS_PER_CLIP, Anchors, VectorSource, synthetic_anchors
from benchmarks.speed.library import make
from search import wiring
from search.settings import Settings

WORK = Path("run/bench-serving")
LINKED_BYTES = 1 << 20
SYNTHETIC_ANCHORS = 20_000


def made(
    work: Path,
    encoder: str,
    segments: int,
    *,
    seed: int,
    settings: Settings,
    anchors: Callable[[], Anchors] | None = None,
) -> Path:
    """Return the library of ``segments`` kept below ``work``; make it if it does not exist.

    Its vectors have the form of the named encoder's. They are generated from ``anchors``, else from synthetic ones.
    """
    path = work / f"{encoder.replace(':', '-')}-{segments}-{seed}"
    if not (path / "complete.json").exists():
        report_progress(f"making a library of {segments:,} segments (once) ...")
        shutil.rmtree(path, ignore_errors=True)  # what an interrupted run left
        spec = wiring.encoder(encoder, settings).spec
        grown_from = anchors() if anchors else synthetic_anchors(SYNTHETIC_ANCHORS, spec.dim, seed)
        make(VectorSource(grown_from, seed), segments, path, settings, spec, words=names.name)
    return path


@contextmanager
def copy_of(library: Path) -> Iterator[Path]:
    """Yield a copy beside ``library`` for one run and delete it afterwards, because a run adds clips to its library.

    Large files that never change (snapshots) are linked, the catalog is copied. The library must not be in use.
    """
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=library.parent) as folder:
        copy = Path(folder).resolve() / library.name
        shutil.copytree(library, copy, ignore=shutil.ignore_patterns("uploads", "cache"), copy_function=_link_snapshots)
        yield copy


def clips_in(path: Path, settings: Settings) -> int:
    """Return the number of clips in the library at ``path``; their ids are 1 to this."""
    done = path / "complete.json"
    if done.exists():
        return -(-int(json.loads(done.read_text("utf-8"))["segments"]) // SEGMENTS_PER_CLIP)
    return clips_now(path, settings)


def clips_now(path: Path, settings: Settings) -> int:
    """Return the number of clips in the catalog of the library at ``path``; 0 if there is no library yet."""
    if not path.exists():
        return 0
    with wiring.library(path, settings, read_only=True) as library:
        return int(library.catalog.stats().clips)


def _link_snapshots(source: str, target: str) -> None:
    large = Path(source).stat().st_size >= LINKED_BYTES and not Path(source).name.startswith("catalog.")
    (os.link if large else shutil.copy2)(source, target)
