"""The parts of a data set: clips with labels and groups, queries in words; and a reader of CSV files."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import UsageError, printable

MANIFEST = "manifest.csv"
NEEDED_COLUMNS = ("path", "label")


@dataclass(frozen=True, slots=True)
class Item:
    """One clip of a data set.

    Clips of one ``group`` (cut from one recording, by one uploader, ...) never count as answers to each other. ``fold``
    is the clip's part of a published cross-validation, or empty.
    """

    path: Path
    labels: frozenset[str]
    group: str
    fold: str = ""


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A query in words, and the places in `DataSet.items` of the clips that it should find, ascending."""

    text: str
    relevant: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Clips, and queries in words (maybe none). Clips that share a label and not a group are relevant to each other."""

    name: str
    items: tuple[Item, ...]
    text_queries: tuple[TextQuery, ...]

    @property
    def has_folds(self) -> bool:
        """Whether one fold can be asked against the others: no group has one label in two of several folds.

        Four recordings of ESC-50 lie in two folds, but under different labels: this leaks no answer.
        """
        folds_of = defaultdict(set)
        for item in self.items:
            for label in item.labels:
                folds_of[item.group, label].add(item.fold)
        folds = {item.fold for item in self.items}
        return len(folds) > 1 and "" not in folds and all(len(own) == 1 for own in folds_of.values())


def name_of(file: Path) -> str:
    """Return the set's name: that of a manifest's folder, or that of another CSV without its suffix."""
    return file.resolve().parent.name if file.name == MANIFEST else file.stem


def queries_by_label(items: Sequence[Item], texts: Sequence[str]) -> Iterator[TextQuery]:
    """Yield one query for each different text, in order. Relevant clips share a label with one that carries it."""
    labels_of_text: dict[str, set[str]] = {}
    for item, text in zip(items, texts, strict=True):
        if text:
            labels_of_text.setdefault(text, set()).update(item.labels)
    for text, labels in labels_of_text.items():
        yield TextQuery(text, tuple(i for i, item in enumerate(items) if item.labels & labels))


def queries_by_carrier(texts: Iterable[tuple[str, int]]) -> tuple[TextQuery, ...]:
    """Return one query for each different text of ``(text, clip)`` pairs, in order. Relevant clips carry the text."""
    carriers: dict[str, list[int]] = {}
    for text, clip in texts:
        carriers.setdefault(text, []).append(clip)
    return tuple(TextQuery(text, tuple(sorted(set(clips)))) for text, clips in carriers.items())


def rows(file: Path, needed: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the rows of a CSV with line numbers. Raises UsageError for a missing file or column, or another format."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restval="")
            missing = [column for column in needed if column not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{printable(str(file))}: the header lacks the columns {', '.join(missing)}")
            for row in reader:
                yield reader.line_num, row
    except FileNotFoundError as error:
        raise UsageError(f"{printable(str(file))} is not there: the data set is incomplete") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{printable(str(file))} cannot be read as CSV: {error}") from error


def complete(dataset: DataSet) -> DataSet:
    """Return the same set. Raises UsageError if it has no clip, lists a file twice, or a file is missing."""
    if not dataset.items:
        raise UsageError(f"data set {dataset.name} lists no clip")
    absent = [item.path for item in dataset.items if not item.path.is_file()]
    if absent:
        raise UsageError(
            f"data set {dataset.name}: {len(absent)} of {len(dataset.items)} files are not there, "
            f"the first is {printable(str(absent[0]))}"
        )
    if len({item.path for item in dataset.items}) < len(dataset.items):
        raise UsageError(f"data set {dataset.name} lists a file more than once: give it one row")
    return dataset
