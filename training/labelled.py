"""A person's own labelled sounds: files, labels, and the split into training, validation and held-out clips.

A label is the name of the folder that contains the file, or the ``label`` column of a CSV as `soundalike bench quality`
reads it. Clips of one group (equal bytes, or the CSV's ``group``) stay in one part of the split.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from search.audio import is_audio_name
from search.errors import UsageError, printable

Part: TypeAlias = Literal["learn", "validate", "held out"]

SHARE = 0.2
"""Share of a label's groups for validation (early stopping); as many are held out for the report."""
LEAST_ASKED = 2
"""Least number of a label's groups in each of these parts: one is the query that should find the other."""
LEAST_GROUPS = 3 * LEAST_ASKED
"""A label with fewer groups is only trained on; it is not part of validation or of the report."""


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One labelled file, and its ``part`` of the split."""

    path: Path
    label: str
    group: str
    part: Part = "learn"


def gather(sources: Iterable[Path]) -> list[LabelledClip]:
    """The labelled files of folders and CSVs, sorted by path; a file that is listed twice the same way counts once.

    Raises UsageError for a source that is neither or has no sounds, and for a file with two labels or groups.
    """
    clips: dict[Path, LabelledClip] = {}
    for source in sources:
        listed = _of_folder(source) if source.is_dir() else _of_csv(source)
        if not listed:
            raise UsageError(f"{printable(str(source))}: no sounds in it")
        for clip in listed:
            first_listed = clips.setdefault(clip.path.resolve(), clip)
            if (first_listed.label, first_listed.group) != (clip.label, clip.group):
                raise UsageError(
                    f"{printable(str(source))} lists a file more than once: give it one label and one group "
                    f"({printable(str(clip.path))}: {printable(first_listed.label)}, {printable(clip.label)})"
                )
    return sorted(clips.values(), key=lambda clip: clip.path)


def split(clips: Sequence[LabelledClip], seed: int) -> list[LabelledClip]:
    """The clips, each with its part of the split, drawn per label.

    Raises UsageError if fewer than two labels have enough groups for all three parts, or if labels share so many groups
    that one part is left with fewer than two labels.
    """
    groups_of: defaultdict[str, set[str]] = defaultdict(set)
    for clip in clips:
        groups_of[clip.label].add(clip.group)
    enough = [label for label, groups in groups_of.items() if len(groups) >= LEAST_GROUPS]
    if len(enough) < 2:
        counts = ", ".join(f"{printable(label)}: {len(groups)}" for label, groups in sorted(groups_of.items())[:8])
        raise UsageError(
            f"at least two labels with {LEAST_GROUPS} different sounds each are needed ({counts}); "
            "a label is the name of the folder that a file lies in"
        )
    rng = np.random.default_rng(seed)
    part_of: dict[str, Part] = {}
    for label in sorted(enough):
        groups = rng.permutation(sorted(groups_of[label] - part_of.keys())).tolist()
        count = max(LEAST_ASKED, round(SHARE * len(groups_of[label])))
        part_of.update(dict.fromkeys(groups[:count], "validate"))
        part_of.update(dict.fromkeys(groups[count : 2 * count], "held out"))
        part_of.update(dict.fromkeys(groups[2 * count :], "learn"))
    parted = [replace(clip, part=part_of.get(clip.group, "learn")) for clip in clips]
    _require_two_labels(parted)
    return parted


def _require_two_labels(clips: Iterable[LabelledClip]) -> None:
    """Raise UsageError unless every part has two labels; in "validate" and "held out" each with two groups."""
    for part, least, purpose in (
        ("learn", 1, "to learn from"),
        ("validate", 2, "to stop by"),
        ("held out", 2, "held out"),
    ):
        groups_of: defaultdict[str, set[str]] = defaultdict(set)
        for clip in clips:
            if clip.part == part:
                groups_of[clip.label].add(clip.group)
        answered = [printable(label) for label, groups in groups_of.items() if len(groups) >= least]
        if len(answered) < 2:
            raise UsageError(
                f"what is {purpose} would have fewer than two labels with {least} different sounds each "
                f"({', '.join(answered) or 'none'}), because groups hold several labels: give each label sounds of its "
                "own, or another --seed"
            )


def write_csv(path: Path, clips: Iterable[LabelledClip]) -> None:
    """Write clips as a data set that ``soundalike bench quality --dataset`` reads, with absolute paths."""
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        out = csv.writer(file)
        out.writerow(["path", "label", "group"])
        out.writerows([clip.path.resolve(), clip.label, clip.group] for clip in clips)


def _of_folder(folder: Path) -> list[LabelledClip]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and is_audio_name(path.name))
    return [LabelledClip(path, path.parent.resolve().name, _digest(path)) for path in files]


def _of_csv(file: Path) -> list[LabelledClip]:
    try:
        with file.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise UsageError(f"{printable(str(file))}: {error.strerror or error}") from error
    if rows and not {"path", "label"} <= rows[0].keys():
        raise UsageError(f"{printable(str(file))}: give a folder of labelled folders, or a CSV with path and label")
    clips = []
    for number, row in enumerate(rows, start=2):
        path = file.parent / (row["path"] or "")
        if not path.is_file() or not row["label"]:
            raise UsageError(f"{printable(str(file))}, line {number}: no such sound, or no label")
        clips.append(LabelledClip(path, row["label"], row.get("group") or _digest(path)))
    return clips


def _digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, or its path if it cannot be read; such a file is left out later."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return str(path)
