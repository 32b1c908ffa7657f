"""``python -m training.prepare``: make the corpora for `training.recipe`. Finished corpora are kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from search.errors import SoundalikeError
from training import music, natural, procedural, speech
from training.corpus import FRAMES_PER_S, LISTING, Corpus, Sound, write_corpus
from training.running import command

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SEED = 1


@dataclass(frozen=True, slots=True)
class Size:
    """How many sounds to make: phrases per instrument and per drum kit, songs, procedural sounds, sentences."""

    phrases: int = 24
    drum_phrases: int = 100
    songs: int = 240
    song_s: float = 25.0
    procedural: int = 1_500
    utterances: int = 1_200


def sources(shared: Path, soundfont: Path, size: Size) -> dict[str, Callable[[], Iterator[Sound]]]:
    """Functions that make the sounds of each corpus, by the corpus's name."""
    manifest = shared / "data" / "natural" / "manifest.csv"
    captions = shared / "data" / "captions" / "audiocaps_train.csv"
    made: dict[str, Callable[[], Iterator[Sound]]] = {
        name: partial(natural.sounds, manifest, speed) for name, speed in natural.SPEEDS.items()
    }
    made["instruments"] = partial(music.instruments, soundfont, size.phrases, SEED)
    made["drums"] = partial(music.drums, soundfont, size.drum_phrases, SEED)
    made["songs"] = partial(music.songs, soundfont, shared / "data" / "pop909", size.songs, size.song_s, SEED)
    made["procedural"] = partial(procedural.sounds, size.procedural, SEED)
    made["speech"] = partial(speech.utterances, captions, size.utterances, SEED)
    return made


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and make missing corpora. Return 1 if some cannot be made here, else 0."""
    parser = argparse.ArgumentParser(prog="python -m training.prepare", description=__doc__)
    parser.add_argument("names", nargs="*", help="corpora to make (default: all)")
    parser.add_argument("--corpora", type=Path, default=Path("run/training/corpus"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    made = sources(args.shared, args.soundfont, Size())
    unknown = sorted(set(args.names) - set(made))
    if unknown:
        parser.error(f"no corpus is called {', '.join(unknown)}; there are {', '.join(made)}")
    failed = []
    for name in args.names or made:
        folder = args.corpora / name
        try:
            if not (folder / LISTING).is_file():
                write_corpus(folder, made[name]())
        except SoundalikeError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed.append(name)
            continue
        corpus = Corpus.open(folder)
        hours = len(corpus.mel) / FRAMES_PER_S / 3600
        print(f"{name}: {len(corpus.clips)} sounds, {hours:.2f} h", flush=True)
    if failed:
        print(f"not made: {', '.join(failed)}; training does without all but natural", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
