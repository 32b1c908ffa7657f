"""Make the demo collection: about 200 synthesised clips of 25 recognisable kinds, reproducible by seed.

    python data/demo.py OUT_DIR [--seed 7] [--each 8]

Writes WAV, FLAC and OGG files named in words (``weather/rain_on_leaves_03.wav``) and ``manifest.csv`` with the
columns that ``soundalike bench quality`` reads: path, label, group, text. Needs numpy and soundfile, nothing else.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from demo_kinds import KINDS, Kind
from demo_synth import Samples, fade

FORMATS = (("wav", 22_050, "PCM_16"), ("flac", 32_000, "PCM_16"), ("ogg", 44_100, "VORBIS"))
"""Suffix, sample rate in Hz, subtype. They are mixed, as in a real collection."""
PEAK = 0.7


@dataclass(frozen=True, slots=True)
class DemoClip:
    """One row of the manifest. Each clip is its own group, because none is cut from another."""

    path: str
    label: str
    group: str
    text: str


def generate(out: Path, seed: int, each: int) -> list[DemoClip]:
    """Write ``each`` clips of every kind under ``out``, and the manifest. Existing files are replaced."""
    clips = []
    for kind_number, kind in enumerate(KINDS):
        (out / kind.folder).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            suffix, rate, subtype = FORMATS[(kind_number + number) % len(FORMATS)]
            stem = f"{kind.name}_{number + 1:02d}"
            file = out / kind.folder / f"{stem}.{suffix}"
            wave = synthesise(kind, np.random.default_rng([seed, kind_number, number]), rate)
            soundfile.write(file, wave.astype(np.float32), rate, subtype=subtype)
            if suffix == "ogg":
                file.write_bytes(with_serial(file.read_bytes(), kind_number * 1000 + number))
            clips.append(DemoClip(f"{kind.folder}/{file.name}", kind.name.replace("_", " "), stem, kind.text))
    write_manifest(out / "manifest.csv", clips)
    return clips


def synthesise(kind: Kind, rng: np.random.Generator, rate: int) -> Samples:
    """One clip of a kind: (samples,) in [-0.7, 0.7], of random length between the kind's shortest and longest."""
    shortest, longest = kind.seconds
    # skewed to the short side: most clips of a real collection are short
    seconds = shortest + (longest - shortest) * float(rng.random()) ** 2
    wave = fade(kind.make(rng, rate, seconds), rate, 0.01)
    level = PEAK * float(rng.uniform(0.5, 1.0))
    return wave * (level / max(float(np.abs(wave).max()), 1e-9))


def write_manifest(file: Path, clips: list[DemoClip]) -> None:
    """Write ``path,label,group,text``, with paths relative to the file."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("path", "label", "group", "text"))
        writer.writerows((c.path, c.label, c.group, c.text) for c in clips)


def with_serial(ogg: bytes, serial: int) -> bytes:
    """The same Ogg file with the stream serial number ``serial`` (RFC 3533); encoders derive one from the clock."""
    pages = []
    for page in ogg_pages(ogg):
        numbered = page[:14] + serial.to_bytes(4, "little") + page[18:22] + bytes(4) + page[26:]
        pages.append(numbered[:22] + ogg_checksum(numbered).to_bytes(4, "little") + numbered[26:])
    return b"".join(pages)


def ogg_pages(ogg: bytes) -> Iterator[bytes]:
    """The pages of an Ogg file: a header of 27 bytes, a table of lengths (byte 26 counts them), the segments."""
    at = 0
    while at < len(ogg):
        count = ogg[at + 26]
        end = at + 27 + count + sum(ogg[at + 27 : at + 27 + count])
        yield ogg[at:end]
        at = end


def ogg_checksum(page: bytes) -> int:
    """Ogg's CRC-32, which is zlib's with the bits of every byte and of the result reversed, and no inversion."""
    mirrored = page.translate(bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256)))
    return int(f"{zlib.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF:032b}"[::-1], 2)


def digest(out: Path) -> str:
    """SHA-256 over every clip's path and bytes, in the manifest's order."""
    total = hashlib.sha256((out / "manifest.csv").read_bytes())
    with (out / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            total.update((out / row["path"]).read_bytes())
    return total.hexdigest()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the demo collection of Soundalike.")
    parser.add_argument("out", type=Path, help="folder to write into; made when it is not there")
    parser.add_argument("--seed", type=int, default=7, help="another seed, other clips (default: 7)")
    parser.add_argument("--each", type=int, default=8, help="clips of each kind (default: 8)")
    args = parser.parse_args()
    if args.each < 1 or args.seed < 0:
        parser.error("--each must be at least 1 and --seed at least 0")
    try:
        clips = generate(args.out, args.seed, args.each)
    except OSError as error:
        print(f"{os.fspath(args.out)}: cannot write the demo collection: {error.strerror}", file=sys.stderr)
        return 3
    print(f"{len(clips)} clips of {len(KINDS)} kinds in {args.out}, seed {args.seed}, digest {digest(args.out)[:16]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
