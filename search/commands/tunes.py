"""Notes on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from search.errors import UsageError, printable
from search.model import NotesPart, Part

LARGEST_NOTES_BYTES = 1 << 20


def notes(text: str) -> NotesPart:
    """Parse ``--notes``: names of notes, ABC, or the name of a file with them. Raises UsageError."""
    file = Path(text)
    try:
        if "\n" in text or not file.is_file():
            return NotesPart(text)
        if file.stat().st_size > LARGEST_NOTES_BYTES:
            raise UsageError(f"{printable(text)}: too large for a tune in notes or ABC")
        return NotesPart(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        if file.exists():
            raise UsageError(f"{printable(text)}: {error.strerror}") from error
        return NotesPart(text)  # for example too long for a file name


def add_render(parser: argparse.ArgumentParser) -> None:
    """Add ``--render OUT.wav``."""
    parser.add_argument(
        "--render",
        type=Path,
        metavar="OUT.wav",
        help="write the tune of --notes to a WAV file, so that you can hear it",
    )


def render(parts: Sequence[Part], target: Path) -> None:
    """Write the first notes among ``parts`` as a WAV file.

    Raises UsageError if there are none, or it cannot be written; QueryError for invalid notes.
    """
    import soundfile

    from search.analysis.melody.notation import parse_notes
    from search.analysis.melody.rendering import SAMPLE_RATE_HZ
    from search.analysis.melody.rendering import render as sound_of

    typed = next((part for part in parts if isinstance(part, NotesPart)), None)
    if typed is None:
        raise UsageError('--render writes the tune of --notes; add --notes "C4 D4 E4"')
    wave = sound_of(parse_notes(typed.notes))
    try:
        soundfile.write(target, wave, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    except (OSError, soundfile.LibsndfileError) as error:
        raise UsageError(f"{printable(str(target))}: cannot be written ({error})") from error
