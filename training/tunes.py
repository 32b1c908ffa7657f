"""``python -m training.tunes ../shared/data/pop909``: count melodies for the model of `soundalike compose`.

It prints the bits per note for songs that were left out, and for comparison those of a model that knows only the place
in the key.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from search.analysis.melody.midi import tunes_from_midi
from search.making.tunes import SYMBOLS, TuneModel, counted

TARGET: Final = Path(__file__).parents[1] / "search" / "making" / "tunes.npz"
LEFT_OUT: Final = 10
"""Every tenth song is left out to judge the model."""


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the model on songs that were left out, then count all songs and write the table."""
    parser = argparse.ArgumentParser(prog="python -m training.tunes", description=__doc__)
    parser.add_argument("folder", type=Path, help="POP909's MIDI files")
    parser.add_argument("--out", type=Path, default=TARGET)
    args = parser.parse_args(argv)
    tunes = [tunes_from_midi(str(file))[0].notes for file in sorted(args.folder.rglob("*.mid"))]
    known = [notes for number, notes in enumerate(tunes) if number % LEFT_OUT]
    unknown = tunes[::LEFT_OUT]
    table = counted(known)
    places = table.copy()
    places[:, 1:3] = SYMBOLS
    print(f"{len(tunes)} songs; {len(unknown)} left out: {TuneModel(table).surprise(unknown):.2f} bits a note, "
          f"{TuneModel(places).surprise(unknown):.2f} by the place in the key alone")  # fmt: skip
    table = counted(tunes)
    np.savez_compressed(args.out, table=table.astype(np.uint16))
    print(f"{len(table)} rows, {args.out.stat().st_size / 1024:.0f} KB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
