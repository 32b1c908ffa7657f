"""``python -m benchmarks.quality.tags``: are the probabilities of tags calibrated?

``tag_classes.csv`` maps each label of an evaluation set to AudioSet classes. Every pair of a clip and a label is one
promise: the highest probability of the label's classes in any segment. It is kept if the clip carries the label.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.quality import datasets, items
from benchmarks.quality.items import DataSet
from search import audio, wiring
from search.errors import UsageError
from search.evaluation import Calibration, calibration
from search.ground import process
from search.ground.ending import with_status
from search.model import EncoderSpec
from search.ports import Encoder
from search.settings import Settings

CLASSES = Path(__file__).with_name("tag_classes.csv")
PROGRESS_EVERY = 200


@dataclass(frozen=True, slots=True)
class Promises:
    """``probabilities`` and ``true`` (clips, labels) of one data set; ``labels`` names the columns."""

    dataset: str
    labels: tuple[str, ...]
    probabilities: NDArray[np.float64]
    true: NDArray[np.bool_]

    @property
    def likeliest_is_right(self) -> float:
        """Of the clips that carry one of the labels, the share whose likeliest label is one of their own."""
        labelled = self.true.any(axis=1)
        picked = self.probabilities[labelled].argmax(axis=1)
        return float(self.true[labelled][np.arange(len(picked)), picked].mean())


def read_classes(file: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return set -> label -> classes, from a CSV ``set,label,classes``; several classes are separated by semicolons."""
    classes_of: dict[str, dict[str, tuple[str, ...]]] = {}
    for _, row in items.rows(file, ("set", "label", "classes")):
        classes_of.setdefault(row["set"], {})[row["label"]] = tuple(row["classes"].split(";"))
    return classes_of


def promise(dataset: DataSet, classes_of: Mapping[str, Sequence[str]], encoder: Encoder) -> Promises:
    """Encode every clip and return its promises for the labels.

    Raises UsageError for an encoder without tags, or a class that it does not know.
    """
    columns = [_places(encoder.spec, classes) for classes in classes_of.values()]
    rows = np.empty((len(dataset.items), len(columns)))
    for number, item in enumerate(dataset.items):
        waves = np.stack([window.samples for window in audio.windows(os.fspath(item.path), encoder.spec)])
        tags = encoder.encode_audio(waves).tags
        if tags is None:
            raise UsageError(f"{encoder.spec.name} has no tags")
        best = tags.max(axis=0)
        rows[number] = [best[places].max() for places in columns]
        if (number + 1) % PROGRESS_EVERY == 0:
            report_progress(f"{dataset.name}: {number + 1} of {len(dataset.items)} clips")
    true = np.array([[label in item.labels for label in classes_of] for item in dataset.items])
    return Promises(dataset.name, tuple(classes_of), rows, true)


def markdown(encoder: str, measured: Sequence[tuple[Promises, Calibration]]) -> str:
    """Return one line for each set; then, over all sets, what each range of probabilities promised and kept."""
    lines = [[p.dataset, str(p.true.size), f"{c.error:.4f}", f"{p.likeliest_is_right:.3f}"] for p, c in measured]
    head = ["set", "probabilities", "expected calibration error", "likeliest label is right"]
    whole = calibration(
        np.concatenate([p.probabilities.ravel() for p, _ in measured]),
        np.concatenate([p.true.ravel() for p, _ in measured]),
    )
    ranges = [
        [f"{b.low:.2f} to {b.high:.2f}", str(b.count), f"{b.promised:.3f}", f"{b.came_true:.3f}"] for b in whole.bins
    ]
    return "\n".join(
        [
            f"## Tags of {encoder}\n",
            markdown_table(head, lines),
            "",
            markdown_table(["probability", "number", "mean probability", "share that is right"], ranges),
        ]
    )


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every set in the table."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.tags", description=__doc__)
    parser.add_argument("--encoder", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--classes", type=Path, default=CLASSES, metavar="CSV")
    parser.add_argument("--data", type=Path, default=datasets.SHARED, metavar="DIR", help="folder of the data sets")
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    encoder = wiring.encoder(args.encoder or settings.encoder, settings)
    measured = []
    for name, classes_of in read_classes(args.classes).items():
        promises = promise(datasets.load(args.data / name), classes_of, encoder)
        measured.append((promises, calibration(promises.probabilities.ravel(), promises.true.ravel())))
    print(markdown(encoder.spec.name, measured))
    return 0


def _places(spec: EncoderSpec, classes: Sequence[str]) -> list[int]:
    vocabulary = spec.vocabulary or ()
    missing = [name for name in classes if name not in vocabulary]
    if missing:
        raise UsageError(f"{spec.name} has no tag {', '.join(missing)}")
    return [vocabulary.index(name) for name in classes]


if __name__ == "__main__":
    raise SystemExit(main())
