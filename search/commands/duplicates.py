"""``soundalike duplicates``: clips of the same recording, and the copy worth keeping."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from search.commands import options, output
from search.errors import printable
from search.ground.counting import counted
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library
    from search.model import Duplicate, Duplicates

SHOWN = 50


class DuplicatesCommand:
    """Find and list duplicates."""

    name = "duplicates"
    help = "find clips of the same recording (copied, re-encoded, trimmed, at another level) and the one worth keeping"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        looking = parser.add_mutually_exclusive_group()
        looking.add_argument("--known", action="store_true", help="list what was found before; do not look for more")
        looking.add_argument("--again", action="store_true", help="compare every clip again, not only new ones")
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Compare clips that are new since the last run, then list all groups."""
        with options.library(args, settings, read_only=args.known) as library:
            if args.known:
                duplicates = library.duplicates.groups()
            else:
                with output.bar("comparing clips") as progress:
                    duplicates = library.duplicates.find(progress, again=args.again)
            paths = _paths(library, duplicates)
        if args.json:
            output.print_json(as_json(duplicates, paths))
        else:
            _print(duplicates, paths)
        return 0


def as_json(duplicates: Duplicates, paths: dict[int, str]) -> dict[str, object]:
    """The groups as JSON; ``paths`` by clip id."""
    return {
        "sequence": duplicates.sequence,
        "current": duplicates.current,
        "groups": [
            {
                "keep": group.keep,
                "why": group.why,
                "clips": [
                    {
                        "clip_id": one.clip_id,
                        "path": paths.get(one.clip_id, ""),
                        "kind": one.kind,
                        "offset_s": round(one.offset_s, 3),
                        "gain_db": None if one.gain_db is None else round(one.gain_db, 2),
                        "similarity": round(one.similarity, 4),
                        "lossless": one.lossless,
                        "bandwidth_hz": None if one.bandwidth_hz is None else round(one.bandwidth_hz),
                        "silence_s": None if one.silence_s is None else round(one.silence_s, 3),
                        "clipped": None if one.clipped is None else round(one.clipped, 6),
                    }
                    for one in group.clips
                ],
            }
            for group in duplicates.groups
        ],
    }


def _print(duplicates: Duplicates, paths: dict[int, str]) -> None:
    for group in duplicates.groups[:SHOWN]:
        print(f"{group.keep:8d}  {printable(paths.get(group.keep, ''))}  (keep: {group.why}{_shown(group.clips[0])})")
        for one in group.clips[1:]:
            print(f"{one.clip_id:8d}  {printable(paths.get(one.clip_id, ''))}  ({_difference(one)})")
        print()
    extra = sum(len(group.clips) - 1 for group in duplicates.groups)
    more = f", {len(duplicates.groups) - SHOWN} more with --json" if len(duplicates.groups) > SHOWN else ""
    print(f"{counted(len(duplicates.groups), 'group')}, {counted(extra, 'clip')} besides those worth keeping{more}")


def _difference(one: Duplicate) -> str:
    if one.kind == "copy":
        return "the same bytes"
    facts = [f"agrees {one.similarity:.0%}"]
    if abs(one.offset_s) >= 0.1:
        facts.append(f"starts {one.offset_s:+.1f} s")
    if one.gain_db is not None and abs(one.gain_db) >= 1:
        facts.append(f"{one.gain_db:+.0f} dB")
    return ", ".join(facts) + _shown(one)


def _shown(one: Duplicate) -> str:
    """The measured quality of its file, in words; empty if not measured."""
    if one.bandwidth_hz is None:
        return ""
    facts = ["lossless" if one.lossless else "lossy", f"sounds up to {one.bandwidth_hz / 1000:.1f} kHz"]
    if one.silence_s is not None and one.silence_s >= 0.05:
        facts.append(f"{one.silence_s:.1f} s of silence around it")
    if one.clipped:
        facts.append(f"{one.clipped:.2%} clipped")
    return "; " + ", ".join(facts)


def _paths(library: Library, duplicates: Duplicates) -> dict[int, str]:
    clip_ids = [one.clip_id for group in duplicates.groups for one in group.clips]
    return {clip.id: clip.absolute_path for clip in library.reader.clips(clip_ids)}
