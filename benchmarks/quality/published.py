"""Loaders for data sets as their authors publish them: name the folder that the archive unpacks to.

==============  ==========================================================  ====================================
ESC-50          Piczak, ACM Multimedia 2015                                 ``meta/esc50.csv``, ``audio/``
UrbanSound8K    Salamon, Jacoby and Bello, ACM Multimedia 2014              ``metadata/``, ``audio/fold1`` to 10
FSD50K          Fonseca et al., IEEE/ACM TASLP 30, 2022 (evaluation part)   ``FSD50K.ground_truth/`` and others
Clotho          Drossos, Lipping and Virtanen, ICASSP 2020 (evaluation)     ``clotho_captions_evaluation.csv``
==============  ==========================================================  ====================================
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.quality.items import (
    DataSet,
    Item,
    complete,
    queries_by_carrier,
    queries_by_label,
    rows,
)
from search.errors import UsageError, printable

CLOTHO_CAPTIONS = tuple(f"caption_{number}" for number in range(1, 6))


def load(folder: Path) -> DataSet:
    """Load the published set in ``folder``, recognised by its index file. Raises UsageError with the known ones."""
    for index, loader in LAYOUTS.items():
        if (folder / index).is_file():
            return complete(loader(folder))
    raise UsageError(
        f"{printable(str(folder))} is no data set: it has neither manifest.csv nor one of {', '.join(LAYOUTS)}"
    )


def esc50(folder: Path) -> DataSet:
    """Load ESC-50: 2,000 clips of 50 classes in 5 folds; a group is the Freesound recording that they are cut from."""
    items = [
        Item(folder / "audio" / row["filename"], frozenset({words(row["category"])}), row["src_file"], row["fold"])
        for _, row in rows(folder / "meta" / "esc50.csv", ("filename", "fold", "category", "src_file"))
    ]
    return labelled("esc50", items)


def urban_sound_8k(folder: Path) -> DataSet:
    """Load UrbanSound8K: 8,732 slices of 10 classes in 10 folds; a group is a Freesound recording (fsID)."""
    items = [
        Item(
            folder / "audio" / f"fold{row['fold']}" / row["slice_file_name"],
            frozenset({words(row["class"])}),
            row["fsID"],
            row["fold"],
        )
        for _, row in rows(folder / "metadata" / "UrbanSound8K.csv", ("slice_file_name", "fsID", "fold", "class"))
    ]
    return labelled("urbansound8k", items)


def fsd50k(folder: Path) -> DataSet:
    """Load FSD50K's evaluation part: 10,231 clips, each with one or more of 200 labels.

    The ground truth is propagated up the AudioSet ontology ("Bark" is also "Dog" and "Animal"). Any two animals would
    be relevant to each other if such a label counted. By example, a clip therefore keeps only its most specific labels
    (`most_specific`). In words, each of the 200 labels is a query for all clips that carry it. A group is an uploader,
    as in the authors' split; without the metadata each clip is its own group.
    """
    uploaders = fsd50k_uploaders(folder / "FSD50K.metadata" / "eval_clips_info_FSD50K.json")
    names, labels = [], []
    for _, row in rows(folder / "FSD50K.ground_truth" / "eval.csv", ("fname", "labels")):
        names.append(row["fname"])
        labels.append(frozenset(words(label) for label in row["labels"].split(",") if label))
    items = [
        Item(folder / "FSD50K.eval_audio" / f"{name}.wav", own, uploaders.get(name, name))
        for name, own in zip(names, most_specific(labels), strict=True)
    ]
    texts = [(label, clip) for clip, own in enumerate(labels) for label in sorted(own)]
    return DataSet("fsd50k-eval", tuple(items), queries_by_carrier(texts))


def fsd50k_uploaders(file: Path) -> dict[str, str]:
    """Return clip name -> its uploader to Freesound; {} without the metadata. Raises UsageError if it is damaged."""
    if not file.is_file():
        return {}
    try:
        return {name: str(facts["uploader"]) for name, facts in json.loads(file.read_text("utf-8")).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{printable(str(file))} is not FSD50K's clip metadata: {error}") from error


def most_specific(labels: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Return each clip's labels without those that another of its labels implies.

    ``a`` implies ``b`` if every clip with ``a`` also has ``b``, and not the other way round. With propagated labels
    this is the ontology's "is a", as far as the set shows it.
    """
    alone = Counter(label for own in labels for label in own)
    together: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for own in labels:
        for label in own:
            together[label].update(own)

    def implied(label: str, own: frozenset[str]) -> bool:
        return any(together[other][label] == alone[other] < alone[label] for other in own if other != label)

    return [frozenset(label for label in own if not implied(label, own)) for own in labels]


def clotho(folder: Path) -> DataSet:
    """Load Clotho's evaluation part: 1,045 clips with five captions each, for search in words.

    A caption should find its clip and no other, as in DCASE's language-based retrieval task. There are no labels, so by
    example nothing is relevant and nothing is measured.
    """
    items: list[Item] = []
    texts: list[tuple[str, int]] = []
    for _, row in rows(folder / "clotho_captions_evaluation.csv", ("file_name", *CLOTHO_CAPTIONS)):
        texts += [(row[column].strip(), len(items)) for column in CLOTHO_CAPTIONS if row[column].strip()]
        items.append(Item(folder / "evaluation" / row["file_name"], frozenset(), row["file_name"]))
    return DataSet("clotho-eval", tuple(items), queries_by_carrier(texts))


def words(label: str) -> str:
    """Return a published label as a person would write it: ``crying_baby`` -> ``crying baby``."""
    return label.replace("_", " ")


def labelled(name: str, items: Sequence[Item]) -> DataSet:
    """Return a set with one label for each clip; the label is also the query in words."""
    texts = [next(iter(item.labels)) for item in items]
    return DataSet(name, tuple(items), tuple(queries_by_label(items, texts)))


LAYOUTS: dict[str, Callable[[Path], DataSet]] = {
    "meta/esc50.csv": esc50,
    "metadata/UrbanSound8K.csv": urban_sound_8k,
    "FSD50K.ground_truth/eval.csv": fsd50k,
    "clotho_captions_evaluation.csv": clotho,
}
"""Index file that identifies a published set -> its loader."""
