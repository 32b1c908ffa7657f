"""``python -m benchmarks.quality.moments DATA``: are moments found where they are, and in the requested order?

DATA has the folders ``natural``, ``esc50`` and ``esc10`` with their manifests. Sounds of ESC-50 are mixed into long
recordings of natural (`benchmarks.quality.mixtures`), indexed, and searched by the words of their labels, first within
their recording, then in the whole library. A moment is scored by its overlap with a sound of that label: intersection
over union (IoU). The first fixed window of a plain search in the same library is scored for comparison.

Events are scored in frames of 0.1 s over the 20 most frequent classes: all events, then those that stand out. The
recordings themselves are not annotated, so an event that is found in one of them counts as wrong. The second figure
leaves out events that are reported as background.

Order and company: pairs of ESC-10 sounds are mixed into one recording three times: in one order, in the other, and both
at once. THEN is right if the recording with the requested order scores higher than the one with the reverse order.
WHILE is right if the recording with both at once scores higher than both others. WITHOUT is right if it scores lower
than the better of them.

With ``--learn`` the sounds are those of natural, labelled by words in their names; constants are chosen on these.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common import machine
from benchmarks.quality.mixtures import (
    RATE_HZ,
    Mixture,
    PlacedSound,
    Plan,
    Sound,
    backgrounds,
    labelled,
    mixture_at,
    mixtures,
    named,
)
from search.api import Library, index, open_library
from search.ground.ending import with_status
from search.model import Query, TextPart
from search.ports import WordReader

CLASSES: Final = 20
MIN_RELATIVE_MEANING: Final = 0.5
"""A label stands for each class that its words mean at least this much, relative to the class that they mean most."""
PAIRS: Final = 50
_PAUSE_S: Final = 2.0
_ROOM_S: Final = 16.0

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """``overlaps`` (questions,): how well the first answer to each question overlaps the expected span (`overlap`)."""

    name: str
    overlaps: NDArray[np.float64]

    def __str__(self) -> str:
        shares = " | ".join(f"{np.mean(self.overlaps >= least):.3f}" for least in (0.3, 0.5, 0.7))
        return f"| {self.name} ({len(self.overlaps)}) | {shares} | {self.overlaps.mean():.3f} |"


def overlap(one: Span, other: Span) -> float:
    """Return the intersection over union."""
    shared = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    return shared / max(max(one[1], other[1]) - min(one[0], other[0]), 1e-9)


def write(made: Sequence[Mixture], folder: Path) -> None:
    """Write each mixture as a file named by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, mixture in enumerate(made):
        soundfile.write(folder / f"{number:04}.flac", mixture.wave, RATE_HZ)


def questions(made: Sequence[Mixture]) -> list[tuple[int, str]]:
    """Return (number of the mixture, label) for each label in each mixture."""
    return [(number, label) for number, one in enumerate(made) for label in sorted({s.label for s in one.sounds})]


def ask(library: Library, made: Sequence[Mixture]) -> list[Found]:
    """Ask every question within its recording and over the library, for moments and for fixed windows."""
    ids = {int(clip.title): clip.id for clip in library.reader.clips(library.clips.ids().tolist())}
    answers: dict[str, list[float]] = {}
    for number, label in questions(made):
        spans = _spans(made[number].sounds, label)
        everywhere = {ids[n]: _spans(one.sounds, label) for n, one in enumerate(made)}
        within = Query((TextPart(label),), k=1, where=f'title = "{number:04}"')
        for name, query, meant in (
            ("in the recording", within, {ids[number]: spans}),
            ("in the library", Query((TextPart(label),), k=1), everywhere),
        ):
            moments = [(m.clip.id, (m.start_s, m.end_s)) for m in library.moments(query).moments]
            hits = [(hit.clip_id, (hit.start_s, hit.end_s)) for hit in library.search(query).hits]
            answers.setdefault(f"{name}: moments", []).append(_best(moments, meant))
            answers.setdefault(f"{name}: windows", []).append(_best(hits, meant))
    return [Found(name, np.array(overlaps)) for name, overlaps in answers.items()]


def _spans(sounds: Iterable[PlacedSound], label: str) -> list[Span]:
    return [(sound.start_s, sound.end_s) for sound in sounds if sound.label == label]


def _best(answers: Sequence[tuple[int, Span]], meant: dict[int, list[Span]]) -> float:
    """The overlap of the first answer with the expected span that it fits best."""
    if not answers:
        return 0.0
    clip_id, span = answers[0]
    return max((overlap(span, one) for one in meant.get(clip_id, ())), default=0.0)


def events_line(library: Library, made: Sequence[Mixture], *, with_background: bool) -> str:
    """Report the frame-level F1 of the most frequent classes, and the median error of onsets.

    ``with_background``: over all events, not only those that stand out.
    """
    ids = {int(clip.title): clip.id for clip in library.reader.clips(library.clips.ids().tolist())}
    counts = Counter(sound.label for one in made for sound in one.sounds)
    labels = [label for label, _ in counts.most_common(CLASSES)]
    names = _names(library, labels)
    right, said, true = (Counter[str]() for _ in range(3))
    onsets: list[float] = []
    for number, one in enumerate(made):
        events = [one for one in library.events.of(ids[number]).events if with_background or not one.background]
        for label in labels:
            found = [(event.start_s, event.end_s) for event in events if event.name in names[label]]
            spans = _spans(one.sounds, label)
            is_said, is_true = (_frames(each, len(one.wave) / RATE_HZ) for each in (found, spans))
            right[label] += int((is_said & is_true).sum())
            said[label] += int(is_said.sum())
            true[label] += int(is_true.sum())
            for start_s, end_s in spans:
                starts = [begin for begin, end in found if begin < end_s and end > start_s]
                onsets += [abs(min(starts) - start_s)] if starts else []
    each = [2 * right[label] / max(said[label] + true[label], 1) for label in labels]
    whole = 2 * sum(right.values()) / max(sum(said.values()) + sum(true.values()), 1)
    which = "all events" if with_background else "events that stand out"
    return (
        f"{which}, of {len(labels)} classes: frame F1 {whole:.3f}, mean of classes {np.mean(each):.3f}; "
        f"onsets {np.median(onsets or [np.nan]):.2f} s off in the median ({len(onsets)} found)"
    )


def _names(library: Library, labels: list[str]) -> dict[str, frozenset[str]]:
    """The classes that each label stands for."""
    encoder = library.encoders.of(library.spaces.get())
    if not isinstance(encoder, WordReader):
        raise TypeError(f"{encoder.spec.name} reads no words")
    vocabulary = encoder.spec.vocabulary or ()
    meant = encoder.read_text(labels).meant
    return {
        label: frozenset(vocabulary[place] for place in np.flatnonzero(row >= MIN_RELATIVE_MEANING * row.max()))
        for label, row in zip(labels, meant, strict=True)
    }


def _frames(spans: Iterable[Span], seconds: float) -> NDArray[np.bool_]:
    inside = np.zeros(int(10 * seconds) + 2, np.bool_)
    for start_s, end_s in spans:
        inside[int(10 * start_s) : int(10 * end_s) + 1] = True
    return inside


def orders(sounds: Sequence[Sound], recordings: Sequence[Path], folder: Path, seed: int) -> str:
    """Report how often the recording that matches the query in order or company is ranked right."""
    rng = np.random.default_rng(seed)
    made, pairs = [], []
    for _ in range(PAIRS):
        first, second = _pair(sounds, rng)
        background = recordings[int(rng.integers(len(recordings)))]
        starts = ((1.0, 8.0 + _PAUSE_S), (8.0 + _PAUSE_S, 1.0), (4.0, 4.0))
        made += [mixture_at(background, _ROOM_S, [first, second], each, rng) for each in starts]
        pairs.append((first.label, second.label))
    write(made, folder / "sounds")
    right: dict[str, list[bool]] = {"THEN": [], "WHILE": [], "WITHOUT": []}
    with open_library(folder / "library", create=True) as library:
        index(library, [folder / "sounds"])
        for place, (one, other) in enumerate(pairs):
            forwards, backwards, both = (f"{3 * place + which:04}" for which in range(3))
            there = f'title in ("{forwards}", "{backwards}", "{both}")'
            then = _scores(library, f"{one} THEN {other}", there)
            right["THEN"].append(then.get(forwards, 0) > then.get(backwards, 0))
            back = _scores(library, f"{other} THEN {one}", there)
            right["THEN"].append(back.get(backwards, 0) > back.get(forwards, 0))
            at_once = _scores(library, f"{one} WHILE {other}", there)
            right["WHILE"].append(at_once.get(both, 0) > max(at_once.get(forwards, 0), at_once.get(backwards, 0)))
            alone = _scores(library, f"{one} WITHOUT {other}", there)
            right["WITHOUT"].append(alone.get(both, 0) < max(alone.get(forwards, 0), alone.get(backwards, 0)))
    every = [value for values in right.values() for value in values]
    each = ", ".join(f"{name} {np.mean(values):.3f}" for name, values in right.items())
    return f"order and company, {len(pairs)} pairs: {np.mean(every):.3f} right ({each})"


def _pair(sounds: Sequence[Sound], rng: np.random.Generator) -> tuple[Sound, Sound]:
    """Two sounds with different labels."""
    while True:
        first, second = (sounds[int(place)] for place in rng.integers(len(sounds), size=2))
        if first.label != second.label:
            return first, second


def _scores(library: Library, text: str, where: str) -> dict[str, float]:
    """The best score of each recording, by its title."""
    best: dict[str, float] = {}
    for moment in library.moments(Query((TextPart(text),), k=20, where=where)).moments:
        best.setdefault(moment.clip.title, moment.score)
    return best


@with_status
def main() -> None:
    """Make the mixtures, index them, ask, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--mixtures", type=int, default=125, help="recordings, with four sounds each (125)")
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument("--only", choices=("moments", "events", "orders"), help="measure only this part")
    parser.add_argument("--learn", action="store_true", help="use sounds of natural, as when constants are chosen")
    args = parser.parse_args()
    natural = args.data / "natural" / "manifest.csv"
    long_ones = backgrounds(natural)
    sounds, pairs = _sounds(args.data, natural, learn=args.learn)
    print(machine.this_machine().sentence())
    if args.only != "orders":
        made = mixtures(sounds, long_ones, args.mixtures, Plan(), args.seed)
        with tempfile.TemporaryDirectory() as folder:
            _measure(made, Path(folder), args.seed, with_moments=args.only != "events")
    if args.only in (None, "orders"):
        with tempfile.TemporaryDirectory() as folder:
            print(orders(pairs, long_ones, Path(folder), args.seed))


def _measure(made: Sequence[Mixture], folder: Path, seed: int, *, with_moments: bool) -> None:
    """Index the mixtures, ask, and print."""
    hours = sum(len(one.wave) for one in made) / RATE_HZ / 3600
    print(f"{len(made)} recordings, {hours:.1f} h, {sum(len(one.sounds) for one in made)} sounds, seed {seed}\n")
    write(made, folder / "sounds")
    with open_library(folder / "library", create=True) as library:
        index(library, [folder / "sounds"])
        if with_moments:
            print("| first answer (questions) | IoU .3 | IoU .5 | IoU .7 | mean IoU |\n|---|---|---|---|---|")
            for found in ask(library, made):
                print(found)
        library.events.find()
        for with_background in (True, False):
            print(f"\n{events_line(library, made, with_background=with_background)}", flush=True)


def _sounds(data: Path, natural: Path, *, learn: bool) -> tuple[list[Sound], list[Sound]]:
    """The sounds that are mixed into recordings, and those of pairs."""
    if learn:
        return named(natural), named(natural)
    return labelled(data / "esc50" / "manifest.csv"), labelled(data / "esc10" / "manifest.csv")


if __name__ == "__main__":
    raise SystemExit(main())
