"""``soundalike bench quality --protocol zero-shot``: which label's words are closest to a sound.

Every label of a set is put into each of `PROMPTS`; a sound gets the label whose vector is closest to its own. Accuracy
depends on the prompt, so the table has a figure for each prompt and their mean, and the figure of the labels' mean
vectors over all prompts (Radford et al., ICML 2021, section 3.1.4).

The last row shows what the sounds' vectors would allow: each sound gets the label whose other sounds are closest on
average. This uses labelled examples, so it is no zero-shot figure; it shows how far better words could come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import Machine, this_machine
from benchmarks.common.report import markdown_table
from benchmarks.quality.encoding import EncodingCache, Progress
from benchmarks.quality.items import DataSet
from benchmarks.quality.tasks import sound_vectors
from search.errors import UsageError
from search.model import Vectors
from search.ports import Encoder

PROMPTS: Final = (
    "{}",
    "the sound of {}",
    "This is a sound of {}",
    "a recording of {}",
    "I can hear {}",
)
"""The third is the prompt of MAEB's zero-shot tasks."""
MEAN, TOGETHER = "mean of all prompts", "all prompts in one vector"
BY_EXAMPLES = "the label's mean over sounds of other sources: examples, no words"
TOP = 5


@dataclass(frozen=True, slots=True)
class ZeroShotRow:
    """How often the right label was first, and among the first `TOP`, for one prompt or for all."""

    dataset: str
    encoder: str
    prompt: str
    labels: int
    clips: int
    accuracy: float
    top_5: float


@dataclass(frozen=True, slots=True)
class ZeroShotReport:
    """All that one run measured, and the machine."""

    machine: Machine
    rows: tuple[ZeroShotRow, ...]


def run(
    datasets: Sequence[DataSet], encoders: Sequence[Encoder], *, cache: EncodingCache, progress: Progress
) -> ZeroShotReport:
    """Measure every encoder that reads words on every set with labels.

    Raises AudioError for a clip that cannot be decoded, UsageError if no encoder reads words or no set has labels.
    """
    rows: list[ZeroShotRow] = []
    for dataset in datasets:
        items = [item for item in dataset.items if item.labels]
        for encoder in encoders:
            if not (items and encoder.spec.can_text):
                continue
            progress(f"{dataset.name}: {len(items)} clips with {encoder.spec.name}")
            sounds = sound_vectors([item.path for item in items], encoder, cache, progress)
            rows += _rows(dataset.name, encoder, sounds, [item.labels for item in items], [i.group for i in items])
    if not rows:
        raise UsageError("nothing to measure: no encoder here reads words, or no set has labels")
    return ZeroShotReport(this_machine(), tuple(rows))


def _rows(
    dataset: str, encoder: Encoder, sounds: Vectors, labels: Sequence[frozenset[str]], groups: Sequence[str]
) -> list[ZeroShotRow]:
    names = sorted({name for own in labels for name in own})
    right = np.array([[name in own for name in names] for own in labels])
    each = [encoder.encode_text([prompt.format(name) for name in names]) for prompt in PROMPTS]
    figures = [_figures(sounds @ words.T, right) for words in each]
    mean = np.mean(figures, axis=0)
    together = np.sum(each, axis=0, dtype=np.float64)
    together /= np.maximum(np.linalg.norm(together, axis=1, keepdims=True), 1e-12)
    named = [
        *zip(PROMPTS, figures, strict=True),
        (MEAN, mean),
        (TOGETHER, _figures(sounds @ together.T, right)),
        (BY_EXAMPLES, _figures(likeness_to_examples(sounds, right, groups), right)),
    ]
    return [
        ZeroShotRow(dataset, encoder.spec.name, prompt, len(names), len(sounds), float(first), float(five))
        for prompt, (first, five) in named
    ]


def likeness_to_examples(sounds: Vectors, right: NDArray[np.bool_], groups: Sequence[str]) -> NDArray[np.float64]:
    """Return (clips, labels): the cosine of each sound with a label's mean sound of other groups; -1 without any."""
    likeness = np.full(right.shape, -1.0)
    numbers = np.unique(groups, return_inverse=True)[1]
    of_all = right.T.astype(np.float64) @ sounds
    for number in range(int(numbers.max()) + 1):
        own = numbers == number
        others = of_all - right[own].T.astype(np.float64) @ sounds[own]
        lengths = np.linalg.norm(others, axis=1)
        some = lengths > 1e-6
        likeness[np.ix_(own, some)] = sounds[own] @ (others[some] / lengths[some, np.newaxis]).T
    return likeness


def _figures(likeness: NDArray[np.floating], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Accuracy and top-5 of ``likeness`` (clips, labels); ``right`` (clips, labels) marks the labels of a clip."""
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :TOP]
    found = np.take_along_axis(right, order, axis=1)
    return float(found[:, 0].mean()), float(found.any(axis=1).mean())


def markdown(report: ZeroShotReport) -> str:
    """Return the report."""
    rows = [
        (
            f"{row.dataset}, {row.encoder}",
            row.prompt.format("…"),
            str(row.labels),
            f"{row.clips:,}",
            f"{row.accuracy:.3f}",
            f"{row.top_5:.3f}",
        )
        for row in report.rows
    ]
    return (
        "\n\n".join(
            [
                "# Zero-shot classification",
                report.machine.sentence(),
                "A sound, at 16 kHz, is called by the label whose words have the nearest vector.",
                markdown_table(("set, encoder", "words", "labels", "clips", "accuracy", "top-5"), rows),
            ]
        )
        + "\n"
    )
