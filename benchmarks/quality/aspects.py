"""``python -m benchmarks.quality.aspects``: does a query by one aspect find sounds that share it?

A factorial set is synthesised: 5 envelopes x 5 spectra x 5 pitches, 125 sounds of 1.1 to 1.3 s. Each sound is a query
by one aspect alone (envelope, timbre or pitch) in a library of all 125. Of the first ten hits other than the query,
those with the query's level of that factor are right. The figure is the mean share of right hits. The seed varies the
length, loudness and tuning of sounds with the same level a little.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common import machine
from search.api import Library, index, open_library
from search.ground.ending import with_status
from search.model import Aspects, ClipPart, Query

Mono = NDArray[np.float64]

RATE_HZ: Final = 32_000
ENVELOPES: Final = ("struck", "swelling", "held", "tremolo", "reversed")
SPECTRA: Final = ("pure", "hollow", "bright", "nasal", "breathy")
PITCHES_HZ: Final = (110.0, 165.0, 247.0, 370.0, 554.0)
_FIRST: Final = 10
_HARMONICS: Final = 12


def sound(envelope: int, spectrum: int, pitch: int, rng: np.random.Generator) -> Mono:
    """Return one sound (n,) of the set; the first three arguments are levels from 0 to 4."""
    at_s = np.arange(int(rng.uniform(1.1, 1.3) * RATE_HZ)) / RATE_HZ
    share = at_s / at_s[-1]
    level = {
        "struck": np.exp(-6 * share),
        "swelling": np.minimum(1, share / 0.7) ** 2 * np.minimum(1, (1 - share) / 0.05),
        "held": np.minimum(1, share / 0.03) * np.minimum(1, (1 - share) / 0.03),
        "tremolo": (0.55 - 0.45 * np.cos(2 * np.pi * 4 * share)) * np.minimum(1, (1 - share) / 0.03),
        "reversed": np.exp(-6 * (1 - share)),
    }[ENVELOPES[envelope]]
    wave = _tone(SPECTRA[spectrum], PITCHES_HZ[pitch] * 2 ** rng.uniform(-0.02, 0.02), at_s, rng)
    wave *= level
    return np.asarray(rng.uniform(0.2, 0.7) * wave / np.abs(wave).max())


def _tone(spectrum: str, hz: float, at_s: Mono, rng: np.random.Generator) -> Mono:
    number = np.arange(1, _HARMONICS + 1)
    weights = {
        "pure": 1.0 / number**4,
        "hollow": np.where(number % 2, 1.0 / number, 0.0),
        "bright": 1.0 / number**0.5,
        "nasal": np.exp(-0.5 * ((number - 5) / 1.2) ** 2) + 0.1 / number,
        "breathy": 1.0 / number**2,
    }[spectrum] * 10 ** (rng.uniform(-1, 1, _HARMONICS) / 20)
    waves = [weights[n - 1] * np.sin(2 * np.pi * (n * hz * at_s + rng.random())) for n in number.tolist()]
    wave = np.sum(waves, axis=0)
    noise = np.convolve(rng.normal(size=len(at_s)), np.ones(4) / 4, mode="same")
    return np.asarray(wave + (0.35 if spectrum == "breathy" else 0.002) * noise)


def write(folder: Path, seed: int) -> None:
    """Write the set as files that are named by their levels."""
    rng = np.random.default_rng(seed)
    for levels in itertools.product(range(5), range(5), range(5)):
        soundfile.write(folder / f"{'_'.join(map(str, levels))}.wav", sound(*levels, rng), RATE_HZ)


def shares(library: Library) -> dict[str, float]:
    """Return for each aspect the mean share of the first ten hits that have the query's level of its factor."""
    clips = library.reader.clips(library.clips.ids().tolist())
    found = {}
    for place, aspect in enumerate(("envelope", "timbre", "pitch")):
        right = []
        for clip in clips:
            part = ClipPart(clip.id, aspects=Aspects(**{aspect: 1.0}))
            hits = library.search(Query((part,), k=_FIRST + 1)).hits
            others = [hit for hit in hits if hit.clip_id != clip.id][:_FIRST]
            level = clip.title.split("_")[place]
            right.append(np.mean([hit.title.split("_")[place] == level for hit in others]))
        found[aspect] = float(np.mean(right))
    return found


@with_status
def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=22)
    args = parser.parse_args()
    print(machine.this_machine().sentence())
    with tempfile.TemporaryDirectory() as name:
        sounds = Path(name) / "sounds"
        sounds.mkdir()
        write(sounds, args.seed)
        with open_library(Path(name) / "library", create=True) as library:
            index(library, [sounds], encoder="spectral")
            library.facts.measure()
            for aspect, share in shares(library).items():
                print(f"{aspect}: {share:.3f} of the first {_FIRST} are of the asked level (125, seed {args.seed})")


if __name__ == "__main__":
    raise SystemExit(main())
