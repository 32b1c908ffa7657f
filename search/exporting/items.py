"""Clips to export, each with a passage, with portable and unique file names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from search.model import Clip

_NOT_IN_NAMES: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class ExportItem:
    """A clip and a passage of it, in seconds of its file."""

    clip: Clip
    start_s: float
    end_s: float

    @classmethod
    def of(cls, clip: Clip, start_s: float = 0.0, end_s: float | None = None, handles_s: float = 0.0) -> ExportItem:
        """A passage, by default the whole clip, with ``handles_s`` more at both ends, within the clip."""
        end_s = clip.duration_s if end_s is None else min(end_s, clip.duration_s)
        return cls(clip, max(0.0, min(start_s, end_s) - handles_s), min(clip.duration_s, end_s + handles_s))

    @property
    def duration_s(self) -> float:
        """How long the passage is."""
        return self.end_s - self.start_s


def file_name(item: ExportItem) -> str:
    """The name of the clip's file, without folders."""
    return PurePosixPath(item.clip.path).name


def passage_name(item: ExportItem) -> str:
    """The name of the passage as a file: ``rain 1.200-3.400.wav``."""
    return f"{PurePosixPath(item.clip.path).stem} {item.start_s:.3f}-{item.end_s:.3f}.wav"


def unique_names(items: Sequence[ExportItem], name: Callable[[ExportItem], str] = file_name) -> list[str]:
    """A unique name for each item, in order: ``rain.wav``, ``rain (2).wav``. Case is ignored."""
    taken: set[str] = set()
    return [_new(portable(name(item)), taken) for item in items]


def portable(name: str) -> str:
    """A file name that is valid on every system.

    Examples:
        >>> portable('what? "a".wav')
        'what_ _a_.wav'
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    clean = _NOT_IN_NAMES.sub("_", text).strip(" .") or "_"
    path = PurePosixPath(clean)
    return clean if len(clean) <= _MOST_CHARACTERS else path.stem[: _MOST_CHARACTERS - len(path.suffix)] + path.suffix


def _new(name: str, taken: set[str]) -> str:
    path = PurePosixPath(name)
    for candidate in _numbered(path):
        if candidate.casefold() not in taken:
            taken.add(candidate.casefold())
            return candidate
    raise AssertionError  # numbers have no end


def _numbered(path: PurePosixPath) -> Iterable[str]:
    yield path.name
    number = 2
    while True:
        yield f"{path.stem} ({number}){path.suffix}"
        number += 1
