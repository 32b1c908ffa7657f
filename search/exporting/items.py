"""What is exported: clips, each with a passage, under names that every system takes and that no two of them share."""

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
    """A clip and the passage of it that is meant, in seconds of its file."""

    clip: Clip
    start_s: float
    end_s: float

    @classmethod
    def of(cls, clip: Clip, start_s: float = 0.0, end_s: float | None = None, handles_s: float = 0.0) -> ExportItem:
        """A passage with ``handles_s`` more at both ends, as far as the clip reaches; all of it without a passage."""
        end_s = clip.duration_s if end_s is None else min(end_s, clip.duration_s)
        return cls(clip, max(0.0, min(start_s, end_s) - handles_s), min(clip.duration_s, end_s + handles_s))

    @property
    def duration_s(self) -> float:
        """How long the passage is."""
        return self.end_s - self.start_s


def file_name(item: ExportItem) -> str:
    """What the clip's file is called, without its folders."""
    return PurePosixPath(item.clip.path).name


def passage_name(item: ExportItem) -> str:
    """What the passage is called as a file of its own: ``rain 1.200-3.400.wav``."""
    return f"{PurePosixPath(item.clip.path).stem} {item.start_s:.3f}-{item.end_s:.3f}.wav"


def unique_names(items: Sequence[ExportItem], name: Callable[[ExportItem], str] = file_name) -> list[str]:
    """A name for each item, in their order: ``rain.wav``, ``rain (2).wav``. Capitals do not make names differ."""
    taken: set[str] = set()
    return [_new(portable(name(item)), taken) for item in items]


def portable(name: str) -> str:
    """A name of a file that every system takes.

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
