"""``python -m benchmarks.quality.facts DATA``: are facts right, and absent when they mean nothing?

DATA has the folder ``natural`` with its manifest, and ``pop909``. No threshold was chosen on the half of natural's
repositories that is measured; `untouched` also measures the other half and reports it separately. Clips are resampled
to 16 kHz and 16 bits; each gets every defect in turn, at one of three strengths. Songs (with ``--soundfont`` and
FluidSynth) are rendered for 45 s from second 20 on. Songs 1 to 40 were used during development and are left out. A
song's reference tempo is that of its MIDI file. Its reference key is the one in the data set's repository (``--keys``),
else that of its notes, since the MIDI files give no key. This also needs pyloudnorm and librosa.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmarks.common import machine
from benchmarks.quality import fact_songs, flaws, items, untouched
from search import audio
from search.analysis.facts.definitions import DEFECTS
from search.analysis.facts.measuring import measure
from search.ground.ending import with_status

Mono = NDArray[np.float32]

RATE_HZ: Final = flaws.RATE_HZ
_LONGEST_S: Final = 10.0
_SOFT: Final = 1e-3
_WITHOUT: Final = re.compile(r"\b(rain|wind|speech|traffic|talk|voice)", re.IGNORECASE)
_ALSO_WITHOUT: Final = {"esc50": ("rain", "wind", "sea waves"), "us8k-fold10": ("children playing",)}
"""Classes of evaluation sets that have neither tempo nor key."""
_BRIEF_S: Final = 1.3
"""The facts give no tempo for shorter sounds."""
_PATTERNS: Final = 100
_SECTIONS: Final = ("loudness", "defects", "untouched", "absent", "forms", "cost", "songs")


def clips(
    folder: Path,
    limit: int,
    seed: int,
    only: re.Pattern[str] | None = None,
    *,
    odd: bool = False,
    least_s: float = flaws.SHORTEST_S,
) -> Iterator[tuple[str, Path]]:
    """Yield label and path of recordings of natural's measured half (with ``odd``, the other half) in random order.

    Shorter ones than ``least_s`` are left out.
    """
    manifest = items.rows(folder / items.MANIFEST, ("path", "repo", "seconds", "label_hint"))
    rows = [row for _, row in manifest if float(row["seconds"]) >= least_s]
    rows = [row for row in rows if int(hashlib.sha256(row["repo"].encode()).hexdigest(), 16) % 2 == odd]
    rows = [row for row in rows if only is None or only.search(row["label_hint"])]
    order = np.random.default_rng(seed).permutation(len(rows))[:limit]
    yield from ((rows[place]["label_hint"], folder / rows[place]["path"]) for place in order)


def read(path: Path) -> Mono:
    """Return the first ten seconds at 16 kHz, scaled to a peak of half of full scale, without silence at the ends."""
    wave = np.concatenate(list(audio.stream(str(path), RATE_HZ, end_s=_LONGEST_S)))
    sounding = np.flatnonzero(np.abs(wave) > _SOFT * np.abs(wave).max())
    wave = wave[sounding[0] : sounding[-1] + 1]
    return np.asarray(0.5 * wave / max(float(np.abs(wave).max()), 1e-6), np.float32)


def loudness(paths: list[Path], folder: Path) -> str:
    """Report the differences from pyloudnorm, which filters sample by sample: median, 99th percentile, maximum.

    Sounds are cut to whole tenths of a second. The reason: pyloudnorm fills a last 400 ms block that lacks up to 50 ms
    with silence, whereas BS.1770 leaves out incomplete blocks.
    """
    import pyloudnorm

    apart = []
    for path in paths:
        wave = read(path)
        file = folder / "loudness.wav"
        for rate_hz, channels in ((RATE_HZ, 1), (44_100, 2)):
            whole = np.asarray(soxr.resample(wave, RATE_HZ, rate_hz), np.float64)
            samples = whole[: len(whole) // (rate_hz // 10) * (rate_hz // 10), np.newaxis] * np.ones(channels)
            soundfile.write(file, samples, rate_hz, "FLOAT")
            expected = pyloudnorm.Meter(rate_hz, filter_class="DeMan").integrated_loudness(samples.astype(np.float32))
            if np.isfinite(expected) and expected > flaws.SOFTEST_LUFS:
                apart.append(abs(float(measure(str(file))["loudness"]) - expected))  # type: ignore[arg-type]  # this fact is a number
    high = np.quantile(apart, (0.5, 0.99, 1.0))
    spread = f"median {high[0]:.3f} LU, 99th percentile {high[1]:.3f}, maximum {high[2]:.3f}"
    return f"loudness against pyloudnorm, {len(apart)} sounds: {spread}"


def defects(paths: list[Path], folder: Path, seed: int) -> Iterator[str]:
    """Yield the F1 of each defect over its strengths, and the false alarms on unmodified clips."""
    rng = np.random.default_rng(seed)
    named_right = dict.fromkeys(DEFECTS, 0)
    false = dict.fromkeys(DEFECTS, 0)
    made = dict.fromkeys(DEFECTS, 0)
    by_strength: dict[tuple[str, int], list[bool]] = {}
    alarmed = 0
    for path in paths:
        wave = read(path)
        file = folder / "flaw.wav"
        soundfile.write(file, wave, RATE_HZ)
        untouched = measure(str(file))["defects"]
        alarmed += bool(untouched)
        for name in untouched:  # type: ignore[union-attr]  # this fact is a list
            false[name] += 1
        for name, flaw in flaws.FLAWS.items():
            strength = int(rng.integers(3))
            if not flaw(wave, strength, rng, file):
                continue
            named = name in measure(str(file))["defects"]  # type: ignore[operator]  # this fact is a list
            made[name] += 1
            named_right[name] += named
            by_strength.setdefault((name, strength), []).append(named)
    yield f"defects, {len(paths)} clips; false alarms on unmodified clips: {alarmed} ({alarmed / len(paths):.3f})\n"
    yield "| defect | F1 | found of made | weak, middle, strong | false on unmodified clips |\n|---|---|---|---|---|"
    for name in flaws.FLAWS:
        score = 2 * named_right[name] / max(1, made[name] + named_right[name] + false[name])
        shares = [np.mean(by_strength.get((name, strength), [False])) for strength in range(3)]
        three = ", ".join(f"{share:.2f}" for share in shares)
        yield f"| {name} | {score:.3f} | {named_right[name]} of {made[name]} | {three} | {false[name]} |"
    total = 2 * sum(named_right.values()) / max(1, sum(made.values()) + sum(named_right.values()) + sum(false.values()))
    yield f"| all | {total:.3f} | {sum(named_right.values())} of {sum(made.values())} | | {sum(false.values())} |"


def untouched_clips(natural: Path, limit: int, seed: int, folder: Path) -> Iterator[str]:
    """Yield the false alarms on all clips of the measured half, then on others to reach ``limit`` clips."""
    measured = [path for _, path in clips(natural, limit, seed, least_s=untouched.LEAST_S)]
    chosen_on = [path for _, path in clips(natural, limit - len(measured), seed, odd=True, least_s=untouched.LEAST_S)]
    for what, paths in (("the half that is measured", measured), ("the half that thresholds are chosen on", chosen_on)):
        yield from untouched.false_alarms(what, [(path, read(path)) for path in paths], folder)


def absent(data: Path, limit: int, seed: int) -> Iterator[str]:
    """Yield how much rain, wind, speech and traffic gets neither tempo nor key, in natural and in other sets."""
    asked = {"natural": [path for _, path in clips(data / "natural", limit, seed, _WITHOUT, least_s=_BRIEF_S)]}
    for name, classes in _ALSO_WITHOUT.items():
        if (data / name / "manifest.csv").is_file():
            asked[name] = _of_classes(data / name, classes)
    for name, paths in asked.items():
        facts = [measure(str(path)) for path in paths]
        tempo, key = ([fact in one for one in facts] for fact in ("tempo", "key"))
        neither = sum(not (has_tempo or has_key) for has_tempo, has_key in zip(tempo, key, strict=True))
        what = ", ".join(_ALSO_WITHOUT.get(name, ("rain", "wind", "speech", "traffic")))
        yield (
            f"neither tempo nor key for {what} ({name}): {neither} of {len(facts)} ({neither / max(len(facts), 1):.3f};"
            f" a tempo {sum(tempo)}, a key {sum(key)})"
        )


def _of_classes(folder: Path, classes: tuple[str, ...]) -> list[Path]:
    rows = items.rows(folder / items.MANIFEST, ("path", "label"))
    return [folder / row["path"] for _, row in rows if row["label"] in classes]


def forms(folder: Path, seed: int) -> str:
    """Report the F1 of generated one-shots and loops."""
    rng = np.random.default_rng(seed)
    file, right = folder / "form.wav", {"one-shot": 0, "loop": 0}
    wrong = dict.fromkeys(right, 0)
    for make, name in ((flaws.one_shot, "one-shot"), (flaws.loop, "loop")):
        for _ in range(_PATTERNS):
            soundfile.write(file, make(rng), RATE_HZ)
            answer = measure(str(file)).get("form")
            right[name] += answer == name
            if answer not in (name, None):
                wrong[str(answer)] += 1
    scores = {name: 2 * right[name] / (_PATTERNS + right[name] + wrong[name]) for name in right}
    return ", ".join(f"{name} F1 {score:.3f}" for name, score in scores.items()) + f" ({_PATTERNS} of each, generated)"


def cost(paths: list[Path]) -> str:
    """Report the processor time of measuring, and that of decoding alone."""
    seconds = 0.0
    times = []
    for work in (lambda path: sum(b.frames / b.rate_hz for b in audio.channels(path)), measure):
        began = time.process_time()
        for path in paths:
            result = work(str(path))
            seconds += result if isinstance(result, float) else 0.0
        times.append(time.process_time() - began)
    decoding, all_of_it = (1000 * spent / seconds for spent in times)
    return f"cost: {all_of_it:.2f} ms of one core for a second of sound, of which decoding takes {decoding:.2f}"


@with_status
def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--untouched", type=int, default=1000, help="unmodified clips to measure (1000)")
    parser.add_argument("--songs", type=int, default=200)
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--keys", type=Path, help="folder POP909 of the data set's repository, with NNN/key_audio.txt")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep rendered songs here (800 MB for 200); resumes there"
    )
    parser.add_argument(
        "--without-librosa", action="store_true", help="do not compare songs with librosa; a third of the time"
    )
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument("--only", nargs="+", choices=_SECTIONS, help="measure only these parts")
    args = parser.parse_args()
    if "songs" in (args.only or ()) and not args.soundfont:
        parser.error("songs are rendered with a --soundfont")
    natural = args.data / "natural"
    print(machine.this_machine().sentence())
    print(f"{args.clips} clips of natural, seed {args.seed}\n")
    paths = [path for _, path in clips(natural, args.clips, args.seed)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sections: dict[str, Callable[[], Iterator[str]]] = {
            "loudness": lambda: iter([loudness(paths[:100], folder)]),
            "defects": lambda: defects(paths, folder, args.seed),
            "untouched": lambda: untouched_clips(natural, args.untouched, args.seed, folder),
            "absent": lambda: absent(args.data, args.clips, args.seed),
            "forms": lambda: iter([forms(folder, args.seed)]),
            "cost": lambda: iter([cost(paths[:100])]),
        }
        if args.keep:
            args.keep.mkdir(parents=True, exist_ok=True)
        if args.soundfont:
            sections["songs"] = lambda: fact_songs.figures(
                args.data / "pop909",
                args.soundfont,
                args.songs,
                args.keep or folder,
                args.keys,
                keeps=args.keep is not None,
                with_librosa=not args.without_librosa,
            )
        for name in args.only or sections:
            for line in sections[name]():
                print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
