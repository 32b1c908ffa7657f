"""Data sets and re-ranking tasks as MTEB (MAEB) publishes them: folders of Parquet files that contain the sounds.

=============================  ==========================================================================
columns or folders             what they hold
=============================  ==========================================================================
``query, positive, negative``  re-ranking in its first format: a sound, and lists of sounds
``corpus queries qrels``       re-ranking as ``push_dataset_to_hub`` writes it: a folder for each, and
                               ``top_ranked`` with the ids of the candidates of each query
``audio``, a label             classification; `LABELS` are the columns that are tried as the label
=============================  ==========================================================================

Download one with ``huggingface-cli download --repo-type dataset NAME --local-dir FOLDER`` and name the folder. Sounds
are unpacked once into the benchmark's cache, named by the digest of their bytes. Needs ``pyarrow`` of the extra
``bench``.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.common.outputs import CACHE
from benchmarks.quality.items import DataSet, Item, queries_by_label
from benchmarks.quality.tasks import RerankingQuery, RerankingTask
from search.errors import UsageError, printable

UNPACKED: Final = CACHE / "unpacked"
ROWS_AT_ONCE: Final = 16
AUDIO: Final = "audio"
LABELS: Final = ("label", "labels", "category", "class", "target")
OLD: Final = ("query", "positive", "negative")
CORPUS, QUERIES, QRELS, TOP_RANKED = "corpus", "queries", "qrels", "top_ranked"

Row = Mapping[str, Any]


def is_published(folder: Path) -> bool:
    """Return whether a folder holds Parquet files."""
    return folder.is_dir() and next(folder.rglob("*.parquet"), None) is not None


def load(folder: Path, unpacked: Path = UNPACKED) -> DataSet | RerankingTask:
    """Load the set or task in ``folder``. Raises UsageError for a folder that holds neither, or without ``pyarrow``."""
    parts = {part: _files(folder, part) for part in (CORPUS, QUERIES, QRELS, TOP_RANKED)}
    if parts[CORPUS] and parts[QUERIES] and parts[QRELS]:
        return _in_parts(folder.name, parts, _Sounds(unpacked))
    files = sorted(folder.rglob("*.parquet"))
    columns = _columns(files[0]) if files else []
    if set(OLD) <= set(columns):
        return _in_rows(folder.name, files, _Sounds(unpacked))
    label = next((name for name in LABELS if name in columns), None)
    if AUDIO in columns and label is not None:
        return _labelled(folder.name, files, label, _Sounds(unpacked))
    raise UsageError(
        f"{printable(str(folder))} is no task of sounds: it has the columns {', '.join(columns) or 'of no file'}, "
        f"and neither {', '.join(OLD)} nor {AUDIO} with one of {', '.join(LABELS)}"
    )


class _Sounds:
    """The files of a task's sounds, each written once; sounds with equal bytes share one file and one place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[Path, int] = {}

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(self._places)

    def place(self, sound: Mapping[str, Any]) -> int:
        """Return the place of a sound (``bytes``, ``path``) among the files. Raises UsageError without bytes."""
        content = sound.get("bytes")
        if not content:
            raise UsageError(
                "a sound of the task is named, but not inside the Parquet file: download it with its sounds"
            )
        digest = hashlib.sha256(content).hexdigest()
        file = self._folder / digest[:2] / f"{digest}{Path(sound.get('path') or '').suffix.lower()}"
        if file not in self._places:
            self._places[file] = len(self._places)
            if not file.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        return self._places[file]


def _in_rows(name: str, files: Sequence[Path], sounds: _Sounds) -> RerankingTask:
    """Each row is a query with its right and wrong sounds. Rows that lack either are left out, as MTEB does."""
    asked = []
    for row in _rows(files):
        if not (row["positive"] and row["negative"]):
            continue
        right, wrong = ([sounds.place(sound) for sound in row[side]] for side in ("positive", "negative"))
        asked.append(RerankingQuery(sounds.place(row["query"]), (*right, *wrong), frozenset(right)))
    return RerankingTask(name, sounds.files, tuple(asked))


def _in_parts(name: str, parts: Mapping[str, Sequence[Path]], sounds: _Sounds) -> RerankingTask:
    """Sounds and queries, by their ids. Without ``top_ranked``, the whole corpus are the candidates of every query."""
    place_of = {str(row["id"]): sounds.place(row[AUDIO]) for row in _rows(parts[CORPUS])}
    relevant: defaultdict[str, set[int]] = defaultdict(set)
    for row in _rows(parts[QRELS]):
        if row["score"] > 0:
            relevant[str(row["query-id"])].add(place_of[str(row["corpus-id"])])
    ranked = {
        str(row["query-id"]): tuple(place_of[str(one)] for one in row["corpus-ids"]) for row in _rows(parts[TOP_RANKED])
    }
    everything = tuple(place_of.values())
    asked = [
        RerankingQuery(
            sounds.place(row[AUDIO]), ranked.get(str(row["id"]), everything), frozenset(relevant[str(row["id"])])
        )
        for row in _rows(parts[QUERIES])
        if relevant[str(row["id"])]
    ]
    return RerankingTask(name, sounds.files, tuple(asked))


def _labelled(name: str, files: Sequence[Path], label: str, sounds: _Sounds) -> DataSet:
    names = _names_of_classes(files[0], label)
    labels: dict[int, set[str]] = {}
    for row in _rows(files):
        own = row[label] if isinstance(row[label], list) else [row[label]]
        said = {names[one] if isinstance(one, int) and one < len(names) else str(one) for one in own}
        labels.setdefault(sounds.place(row[AUDIO]), set()).update(one.replace("_", " ") for one in said)
    items = [Item(file, frozenset(labels[place]), group=file.stem) for place, file in enumerate(sounds.files)]
    texts = [min(item.labels, default="") for item in items]
    return DataSet(name, tuple(items), tuple(queries_by_label(items, texts)))


def _files(folder: Path, part: str) -> list[Path]:
    """The files of a part: in a folder of its name, or named so themselves; with or without a prefix (``default-``)."""
    return sorted(
        file
        for file in folder.rglob("*.parquet")
        if any(name == part or name.endswith(f"-{part}") for name in (file.parent.name, file.stem.partition("-0")[0]))
    )


def _rows(files: Sequence[Path]) -> Iterator[Row]:
    for file in files:
        for batch in _opened(file).iter_batches(ROWS_AT_ONCE):
            yield from batch.to_pylist()


def _columns(file: Path) -> list[str]:
    return [str(name) for name in _opened(file).schema_arrow.names]


def _names_of_classes(file: Path, label: str) -> list[str]:
    """The names behind the numbers in a label column, if the file has them."""
    metadata = _opened(file).schema_arrow.metadata or {}
    features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    feature = features.get(label, {})
    inner = feature.get("feature", feature) if isinstance(feature, dict) else {}
    return [str(name) for name in inner.get("names", ())]


def _opened(file: Path) -> Any:  # noqa: ANN401 -- a ParquetFile, of a package that ships no types
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UsageError('published tasks need pyarrow: pip install "soundalike[bench]"') from error
    try:
        return ParquetFile(file)
    except (OSError, ArrowException) as error:
        raise UsageError(f"{printable(str(file))} cannot be read as Parquet: {error}") from error
