"""``soundalike say``, ``compose`` and ``make``: generate sounds as files, outside of any library."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search.commands import options, output, tunes
from search.errors import QueryError, UsageError, printable
from search.model import Part, TextPart, Verdict
from search.settings import Settings

if TYPE_CHECKING:
    from search.analysis.melody.model import Notes
    from search.model import Wave

MOST_VARIATIONS: Final = 20
WAV: Final = ".wav"
MIDI: Final = (".mid", ".midi")
HIGHEST_INSTRUMENT: Final = 127


class Say:
    """Speak words."""

    name = "say"
    help = "speak words into a WAV file, with espeak-ng"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("words", metavar="WORDS", help="the words to speak")
        parser.add_argument(
            "--voice",
            default="en",
            metavar="NAME",
            help="voice of espeak-ng, like en, de, en-gb-scotland or en+f3 (en)",
        )
        parser.add_argument("--speed", type=int, default=160, metavar="N", help="words per minute (160)")
        _add_out(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write the speech."""
        from search.making.speaking import spoken

        sound = spoken(args.words, args.voice, args.speed)
        _write(args, _target(args, args.words), sound, args.words, f"by espeak-ng ({args.voice})")
        return 0


class Make:
    """Make a simple sound."""

    name = "make"
    help = 'make a simple sound from words: "two short beeps, then a low rumble"'

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        from search.making.simple import KINDS

        parser.add_argument(
            "words", metavar="WORDS", help=f"any of: {', '.join(KINDS)}; say how many, how high, how long"
        )
        _add_seed(parser)
        _add_out(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write the sound."""
        from search.making.recipes import RATE_HZ
        from search.making.simple import made

        sound = made(args.words, args.seed), RATE_HZ
        _write(args, _target(args, args.words), sound, args.words, "by soundalike make")
        return 0


class Compose:
    """Continue or vary a tune."""

    name = "compose"
    help = "continue a tune, or write variations of it, with a model of songs"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument(
            "--continue", dest="clip", metavar="CLIP", help="the tune of a clip by its id, or of a MIDI or sound file"
        )
        given.add_argument(
            "--notes", metavar="NOTES", help='a tune in notes, as in soundalike search: "C4 D4 E4", ABC, or a file'
        )
        parser.add_argument("--count", type=int, metavar="N", help="how many notes to add (24)")
        parser.add_argument("--variations", type=int, metavar="N", help="write N variations instead")
        parser.add_argument(
            "--soundfont", type=Path, metavar="FILE", help="soundfont that plays it (default: the system's)"
        )
        parser.add_argument(
            "--instrument", type=int, default=0, metavar="N", help="General MIDI instrument, from 0 (0, a piano)"
        )
        _add_seed(parser)
        _add_out(parser, "OUT.wav|OUT.mid")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write the tune, or its variations."""
        from search.making.composing import NOTES, going_on, variation
        from search.making.playing import played, soundfont

        if args.variations is not None and not 1 <= args.variations <= MOST_VARIATIONS:
            raise UsageError(f"--variations is {args.variations}; it must be from 1 to {MOST_VARIATIONS}")
        if args.variations is not None and args.count is not None:
            raise UsageError("--count adds notes, and --variations adds none: leave one of them out")
        if not 0 <= args.instrument <= HIGHEST_INSTRUMENT:
            raise UsageError(f"--instrument is {args.instrument}; it must be from 0 to {HIGHEST_INSTRUMENT}")
        notes, title = _given(args, settings)
        if args.variations is None:
            count = NOTES if args.count is None else args.count
            written = [going_on(notes, count, args.seed)]
        else:
            written = [variation(notes, args.seed + number) for number in range(args.variations)]
        font = soundfont(args.soundfont)
        for number, tune in enumerate(written, start=1):
            how = f"by soundalike compose: {title} {'goes on' if args.variations is None else f'variation {number}'}"
            many = len(written) > 1
            file = _target(args, f"{title}-{number}" if many else title, number if many else None, (WAV, *MIDI))
            if file.suffix.lower() in MIDI:
                _write_midi(file, tune, args.instrument, how)
                _report(args, file, tune.duration_s)
            else:
                _write(args, file, played(tune, font, args.instrument), title, how)
        return 0


def _given(args: argparse.Namespace, settings: Settings) -> tuple[Notes, str]:
    """The tune to begin with, and its title. Raises QueryError if there is none; AudioError."""
    from search import audio
    from search.analysis.melody.notation import parse_notes
    from search.making.composing import notes_in

    if args.notes is not None:
        return parse_notes(tunes.notes(args.notes).notes), "tune"
    if not (args.clip.isascii() and args.clip.isdigit()):
        return notes_in(args.clip, holds_notes=audio.kind_inside(args.clip) == "notes"), Path(args.clip).stem
    with options.library(args, settings, read_only=True) as library:
        clip = next(iter(library.reader.clips([int(args.clip)])), None)
        if clip is None:
            raise QueryError(f"no clip has the id {args.clip}")
        return notes_in(clip.absolute_path, clip.track, holds_notes=clip.notes), clip.title


def offer(verdict: Verdict, parts: Sequence[Part]) -> None:
    """If nothing in the library is like the words, and they can be made, print how to make them."""
    if verdict == "none" and len(parts) == 1 and isinstance(parts[0], TextPart):
        from search.making.simple import can_be_made

        words = parts[0].text
        if can_be_made(words):
            print(f"soundalike make {shlex.quote(words)} makes a simple one.")


# --- files --------------------------------------------------------------------------------------------------


def _add_out(parser: argparse.ArgumentParser, metavar: str = "OUT.wav") -> None:
    parser.add_argument(
        "--out",
        type=Path,
        metavar=metavar,
        help="file to write (default: in this folder, named after the words or the tune)",
    )


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="random seed; the same seed gives the same result (0)"
    )


def _target(args: argparse.Namespace, title: str, number: int | None = None, endings: Sequence[str] = (WAV,)) -> Path:
    """The path of the file to write.

    Raises UsageError if ``--out`` has another suffix than these, or if the default file exists already.
    """
    if args.out is not None:
        out: Path = args.out
        if out.suffix.lower() not in endings:
            raise UsageError(f"--out {printable(str(out))}: the name must end in {' or '.join(endings)}")
        return out if number is None else out.with_stem(f"{out.stem}-{number}")
    from search.making.marking import named

    file = Path(f"{named(title)}.wav")
    if file.exists():
        raise UsageError(f"{file} already exists; name another with --out")
    return file


def _write(args: argparse.Namespace, file: Path, sound: tuple[Wave, int], title: str, how: str) -> None:
    """Write samples as WAV."""
    from search.making.marking import write

    wave, rate_hz = sound
    write(file, wave, rate_hz, title, how)
    _report(args, file, len(wave) / rate_hz)


def _write_midi(file: Path, notes: Notes, instrument: int, how: str) -> None:
    from search.making.marking import MADE
    from search.making.playing import write_midi

    write_midi(file, notes, instrument, f"{MADE} {how}")


def _report(args: argparse.Namespace, file: Path, duration_s: float) -> None:
    if args.json:
        output.print_line({"file": str(file), "duration_s": round(duration_s, 3)})
    else:
        print(f"{printable(str(file))}  {output.clock(duration_s)}")
