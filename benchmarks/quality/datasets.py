"""Data sets of the quality benchmark: clips with labels and groups, and queries in words.

A data set is one of these: a CSV with the columns ``path,label,group,text`` (and ``fold``); a folder with such a
``manifest.csv``; the folder of a published set as its authors packed it (`benchmarks.quality.published`); or a set that
MTEB publishes (`benchmarks.quality.published_tasks`).
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality import published, published_tasks
from benchmarks.quality.items import MANIFEST, NEEDED_COLUMNS, DataSet, Item, complete, name_of, queries_by_label, rows
from benchmarks.quality.tasks import RerankingTask
from search.errors import UsageError, printable

SHARED = Path("../shared/data")
SHARED_NAMES = ("esc10", "esc50", "us8k-fold10", "instruments", "sfx", "fsdd")
DEMO = Path("data/demo")


def load(path: Path) -> DataSet:
    """Load the data set at ``path``. Raises UsageError if it is no data set, or an incomplete one."""
    found = load_any(path)
    if isinstance(found, RerankingTask):
        raise UsageError(f"{printable(str(path))} is a re-ranking task; ask it with: --protocol maeb")
    return found


def load_any(path: Path) -> DataSet | RerankingTask:
    """Load the data set or re-ranking task at ``path``. Raises UsageError as `load` does."""
    if path.is_dir() and not (path / MANIFEST).is_file():
        return published_tasks.load(path) if published_tasks.is_published(path) else published.load(path)
    file = path / MANIFEST if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"{printable(str(path))}: no such data set; give a CSV (path,label,group,text) or a folder")
    return from_csv(file)


def default_datasets() -> list[Path]:
    """Return the sets beside the project, else the demo collection. Raises UsageError if there is neither."""
    beside = [SHARED / name for name in SHARED_NAMES if (SHARED / name / MANIFEST).is_file()]
    if beside:
        return beside
    if (DEMO / MANIFEST).is_file():
        return [DEMO]
    raise UsageError(
        f"no data set given, none under {SHARED} and no demo collection: "
        f"name one with --dataset, or make the demo collection with: python data/demo.py {DEMO}"
    )


def from_csv(file: Path) -> DataSet:
    """Load a set from a CSV with ``path,label,group,text,fold``, paths relative to it.

    Only path and label are required. A clip without a group is a group of its own. A query in words should find the
    clips that share a label with a clip that carries this text. Raises UsageError that names the line.
    """
    items, texts = [], []
    for line, row in rows(file, NEEDED_COLUMNS):
        if not row["path"] or not row["label"]:
            raise UsageError(f"{printable(str(file))}, line {line}: path and label must not be empty")
        group = row.get("group") or row["path"]
        items.append(Item(file.parent / row["path"], frozenset({row["label"]}), group, row.get("fold") or ""))
        texts.append(row.get("text") or "")
    return complete(DataSet(name_of(file), tuple(items), tuple(queries_by_label(items, texts))))
