"""Choose the copy of a recording that is worth keeping, and say why."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from search.model import Clip, Content
from search.overview.duplicates.evidence import Evidence

COMPLETE: Final = 0.95
"""A copy with this share of the longest one's length counts as complete: codecs pad, editors trim silence."""

_MEANS_NO_HARM: Final = re.compile("of the energy lies above|channels sound in")
"""Warnings that describe the content of a file, and no damage."""

_CLIPPED: Final = 1e-4
"""The share of samples in flat tops above which a copy counts as clipped."""

_AS_WIDE: Final = 0.9
"""A copy with this share of the widest bandwidth counts as equally wide."""

_NAMED_COPY: Final = re.compile(
    r"^(copy|kopie|copie|copia) (of|von|de|di) |[ _.-](copy|kopie|copie|copia)( ?\(?\d+\)?)?$|"
    r"^副本|副本( ?\(?\d+\)?)?$| \(\d+\)$",
    re.IGNORECASE,
)
"""Patterns in the names of copies that file managers make."""

_USED: Final = 0.6
"""A file that uses less than this share of its band was upsampled, or could have a lower rate without loss."""

LOSSLESS: Final = ("pcm", "flac", "alac", "wavpack", "tta", "ape", "float", "double", "dwvw")
"""Prefixes of the names of lossless codecs, in both decoders."""


@dataclass(frozen=True, slots=True)
class ComparedCopy:
    """A clip of a group, its content, and the measured quality of its file, if known."""

    clip: Clip
    content: Content
    evidence: Evidence | None = None

    @property
    def sounds_s(self) -> float:
        """Its duration without the silence around the sound."""
        return self.content.duration_s - (self.evidence.silence_s if self.evidence else 0.0)

    @property
    def is_upsampled(self) -> bool:
        """Whether its sample rate allows far more bandwidth than it has."""
        return self.evidence is not None and self.evidence.bandwidth_hz < _USED * self.content.sample_rate_hz / 2


def best_copy(copies: Sequence[ComparedCopy]) -> tuple[ComparedCopy, str]:
    """The copy worth keeping among several, and the first reason for it, in words."""
    longest_s = max(copy.sounds_s for copy in copies)
    widest_hz = max(copy.evidence.bandwidth_hz if copy.evidence else 0.0 for copy in copies)
    amiss = next((warning for copy in copies if is_spoiled(copy.clip) for warning in copy.clip.warnings), "")
    questions = _questions(longest_s, widest_hz, amiss)

    def key(copy: ComparedCopy) -> tuple[Any, ...]:
        return tuple(question(copy) for question, _ in questions)

    best, *others = sorted(copies, key=key)
    for question, reason in questions:
        if all(question(best) < question(other) for other in others):
            return best, reason(best)
    # no single reason against all others: the reason against the next best
    return best, next(reason(best) for question, reason in questions if question(best) < question(others[0]))


def is_spoiled(clip: Clip) -> bool:
    """Whether decoding found a defect of its file: damage, less sound than promised, channels that cancel."""
    return any(_MEANS_NO_HARM.search(warning) is None for warning in clip.warnings)


def is_lossless(content: Content) -> bool:
    """Whether its codec is lossless."""
    return content.codec.lower().startswith(LOSSLESS)


def is_named_copy(path: str) -> bool:
    """Whether a file is named like a copy that a file manager made.

    Examples:
        >>> [is_named_copy(path) for path in ("copy of rain.wav", "rain (2).wav", "rain - Copy.wav", "copy.wav")]
        [True, True, True, False]
    """
    return _NAMED_COPY.search(PurePosixPath(path).stem) is not None


_Question = Callable[[ComparedCopy], Any]
_Reason = Callable[[ComparedCopy], str]


def _questions(longest_s: float, widest_hz: float, amiss: str) -> tuple[tuple[_Question, _Reason], ...]:
    """The criteria in order, with their reasons; a smaller value is better. Unmeasured values count neither way."""
    return (
        (lambda c: c.clip.missing, lambda c: "the files of the others are missing"),
        (lambda c: is_spoiled(c.clip), lambda c: f"the others have defects ({amiss})"),
        (lambda c: c.sounds_s < COMPLETE * longest_s, lambda c: "the others are cut"),
        (lambda c: not is_lossless(c.content), lambda c: f"lossless ({c.content.codec})"),
        (lambda c: c.evidence is not None and c.evidence.clipped > _CLIPPED, lambda c: "the others are clipped"),
        (
            lambda c: c.evidence is not None and c.evidence.bandwidth_hz < _AS_WIDE * widest_hz,
            lambda c: f"it has sound up to {widest_hz / 1000:.1f} kHz, the others less",
        ),
        (
            lambda c: round(c.evidence.silence_s, 1) if c.evidence else 0.0,
            lambda c: "the least silence before and after the sound",
        ),
        (lambda c: -round(c.sounds_s, 1), lambda c: f"the longest ({c.sounds_s:.1f} s)"),
        (lambda c: c.is_upsampled, lambda c: "the others have a higher sample rate without more sound in it"),
        (
            lambda c: 0 if c.evidence else -c.content.sample_rate_hz,
            lambda c: f"the highest sample rate ({c.content.sample_rate_hz} Hz)",
        ),
        (lambda c: -c.content.channels, lambda c: f"the most channels ({c.content.channels})"),
        (lambda c: is_named_copy(c.clip.path), lambda c: "the others are named like copies"),
        (lambda c: c.clip.added, lambda c: "added first"),
        (lambda c: (c.clip.path.count("/"), len(c.clip.path)), lambda c: "the shortest path"),
        (lambda c: (c.clip.path, c.clip.id), lambda c: "first by name"),
    )
