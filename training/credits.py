"""``python -m training.credits``: every source of training sound with its terms and authors, as the table that ships.

CC BY and its relatives ask for this; `training/credits.csv` is what it wrote last.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

TABLE = Path(__file__).with_name("credits.csv")
COLUMNS = ("source", "commit", "licence", "attribution", "files", "seconds")

MADE = (
    ("POP909 (music-x-lab), MIDI, rendered", "", "MIT", "Ziyu Wang et al."),
    ("FluidR3 GM soundfont", "", "MIT", "Frank Wen and others (Debian: fluid-soundfont-gm)"),
    ("espeak-ng voices, reading AudioCaps captions", "", "GPL-3 (program); MIT (captions)", "eSpeak NG; AudioCaps"),
    ("training/procedural.py", "", "Apache-2.0", "this project"),
    ("mn04_as (EfficientAT), the teacher", "", "MIT", "Florian Schmid, CP-JKU"),
    ("all-MiniLM-L6-v2, the text tower's teacher", "", "Apache-2.0", "sentence-transformers"),
    ("AudioSet ontology", "", "CC BY-SA 4.0", "Google"),
)
"""Other sources than recordings: made sounds, and teachers. Files and seconds do not apply."""


def collect(manifest: Path) -> list[tuple[str, str, str, str, int, float]]:
    """One row per source, commit, licence and authors of a manifest of ../shared/data/natural, then `MADE`."""
    sums: dict[tuple[str, str, str, str], tuple[int, float]] = {}
    with manifest.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (row["repo"], row["commit"], row["licence"], row["attribution"])
            files, seconds = sums.get(key, (0, 0.0))
            sums[key] = (files + 1, seconds + float(row["seconds"]))
    rows = [(*key, files, round(seconds, 1)) for key, (files, seconds) in sorted(sums.items())]
    return rows + [(*made, 0, 0.0) for made in MADE]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="python -m training.credits", description=__doc__)
    parser.add_argument("--manifest", type=Path, default=Path("../shared/data/natural/manifest.csv"))
    args = parser.parse_args(arguments)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(collect(args.manifest))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
