"""``soundalike speech``: show transcripts of clips, or transcribe all sounds; and ``search --spoken``."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from search.analysis.speech.writing import FORMS
from search.commands import options, output
from search.errors import AudioError, QueryError, UsageError, printable
from search.ground.counting import have
from search.model import ClipTranscript, Saying
from search.model.speech_as_json import sayings_as_json, transcript_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library


class SpeechCommand:
    """Show transcripts of clips, or transcribe a library."""

    name = "speech"
    help = "show what is said in clips, also as subtitles; without a clip: transcribe every sound of the library"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_clips(parser)
        parser.add_argument(
            "--format", choices=tuple(FORMS), metavar="FORM", help=f"print as {', '.join(FORMS)} (one clip)"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="write what --format prints into this file")
        parser.add_argument("--voice", action="store_true", help="show only when somebody speaks, not the words")
        parser.add_argument(
            "--model",
            metavar="NAME",
            help="speech recogniser: whisper:base, whisper:small.en, whisper:FOLDER (default: $SOUNDALIKE_RECOGNISER)",
        )
        parser.add_argument("--language", metavar="CODE", help="language spoken, like en (default: detected)")
        parser.add_argument(
            "--again", action="store_true", help="without a clip: transcribe every sound again, not only new ones"
        )
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Show or transcribe; 1 if files could not be read."""
        if args.format and len(args.clips) != 1:
            raise UsageError("--format writes what is said in one clip: name one")
        if args.out is not None and not args.format:
            raise UsageError("--out needs --format: name it")
        if args.voice and (args.format or not args.clips):
            raise UsageError("--voice says when somebody speaks in clips: name them, and leave out --format")
        if args.again and args.clips:
            raise UsageError("--again is for the whole library: leave out clips")
        settings = replace(settings, recogniser=args.model or settings.recogniser)
        with options.library(args, settings, read_only=bool(args.clips)) as library:
            if not args.clips:
                return _transcribe(args, library)
            return _voices(args, library) if args.voice else _show(args, library)


def add_spoken(parser: argparse.ArgumentParser) -> None:
    """``--spoken``."""
    parser.add_argument(
        "--spoken",
        metavar="WORDS",
        help="find passages in which these words are said, like: --spoken '\"thank you\" every*'",
    )


def spoken(args: argparse.Namespace, settings: Settings) -> int:
    """Find passages by spoken words, and print them; 0 also without a match."""
    if args.words or args.parts or args.ask is not None or args.moments or args.collapse or args.space:
        raise UsageError("--spoken searches for spoken words, and can be combined with -k, --offset and --where only")
    with options.library(args, settings, read_only=True) as library:
        found = library.speech.find(args.spoken, k=args.k, offset=args.offset, where=args.where)
    if args.json:
        output.print_json(sayings_as_json(found, paths="absolute"))
    elif args.csv:
        _write_csv(found.sayings, sys.stdout, args.offset)
    else:
        for one in found.sayings:
            passage = f"{output.clock(one.start_s)}-{output.clock(one.end_s)}"
            print(f"{one.clip.id:>6}  {one.score:.3f}  {passage:>15}  {printable(one.clip.absolute_path)}")
            print(f"        {printable(one.line.text)}")
        more = "" if found.next_offset is None else f"; more with --offset {found.next_offset}"
        count = len(found.sayings)
        print(f"{count} {'passage' if count == 1 else 'passages'} in {found.took_ms:.0f} ms{more}")
        if found.transcribed < found.contents:
            print(
                f"{found.contents - found.transcribed} of {found.contents} sounds were not transcribed yet; "
                "run: soundalike speech",
                file=sys.stderr,
            )
    return 0


def _transcribe(args: argparse.Namespace, library: Library) -> int:
    with output.bar("listening") as progress:
        failures = library.speech.transcribe(progress, language=args.language, again=args.again)
    done = len(library.catalog.with_transcript())
    line = have(done, "sound", "a transcript")
    return output.print_job({"transcribed": done}, line, failures, as_json=args.json)


def _show(args: argparse.Namespace, library: Library) -> int:
    status = 0
    found: list[ClipTranscript] = []
    for clip_id in args.clips:
        try:
            with output.busy(f"listening to clip {clip_id}"):
                found.append(library.speech.transcript(clip_id, args.language))
        except (AudioError, QueryError) as error:
            print(f"soundalike: {error}", file=sys.stderr)
            status = output.SOME_FAILED
    if args.format and found:
        output.write_text(FORMS[args.format](found[0].transcript, found[0].clip), args.out)
    elif args.json:
        output.print_json(
            [transcript_as_json(one.clip, one.transcript, "absolute", stored=one.stored) for one in found]
        )
    else:
        for one in found:
            _print(one)
    return status


def _voices(args: argparse.Namespace, library: Library) -> int:
    status, found = 0, []
    for clip_id in args.clips:
        try:
            with output.busy(f"listening to clip {clip_id}"):
                found.append((clip_id, library.speech.voiced(clip_id)))
        except (AudioError, QueryError) as error:
            print(f"soundalike: {error}", file=sys.stderr)
            status = output.SOME_FAILED
    if args.json:
        output.print_json(
            [
                {"clip_id": clip_id, "voiced": [{"start_s": round(a, 3), "end_s": round(b, 3)} for a, b in voiced]}
                for clip_id, voiced in found
            ]
        )
        return status
    for clip_id, voiced in found:
        print(f"clip {clip_id}: somebody speaks for {sum(end - start for start, end in voiced):.1f} s")
        for start_s, end_s in voiced:
            print(f"  {output.clock(start_s)}-{output.clock(end_s)}")
    return status


def _print(one: ClipTranscript) -> None:
    said = one.transcript
    language = f"  ({said.language}, {said.language_probability:.0%})" if said.language else ""
    print(f"clip {one.clip.id}  {printable(one.clip.absolute_path)}{language}")
    for line in said.lines:
        times = f"{output.clock(line.start_s)}-{output.clock(line.end_s)}"
        print(f"  {times:>15}  {printable(line.text)}")
    if not said.lines:
        print("  nobody says a word" if not said.voiced else "  somebody speaks; no word was understood")


def _write_csv(sayings: Sequence[Saying], out: TextIO, passed_over: int) -> None:
    writer = csv.writer(out)
    writer.writerow(("rank", "score", "clip_id", "start_s", "end_s", "said", "title", "path", "track"))
    for rank, one in enumerate(sayings, start=1 + passed_over):
        clip, times = one.clip, (f"{one.start_s:.3f}", f"{one.end_s:.3f}")
        row = (rank, f"{one.score:.6f}", clip.id, *times, one.line.text, clip.title, clip.absolute_path, clip.track)
        writer.writerow(row)
