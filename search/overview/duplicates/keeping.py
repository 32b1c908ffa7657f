"""Which copy of a recording is worth keeping, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from search.model import Clip, Content
from search.overview.duplicates.evidence import Evidence

COMPLETE: Final = 0.95
"""A copy of this share of the longest one's length counts as the whole of it: codecs pad, editors trim silence."""

_MEANS_NO_HARM: Final = re.compile("of the energy lies above|channels sound in")
"""Warnings of what a file holds, and not of what it lost."""

_CLIPPED: Final = 1e-4
"""A share of samples in flat tops from which a copy counts as clipped."""

_AS_WIDE: Final = 0.9
"""A copy whose bandwidth is this share of the widest one's counts as wide as it."""

_NAMED_COPY: Final = re.compile(
    r"^(copy|kopie|copie|copia) (of|von|de|di) |[ _.-](copy|kopie|copie|copia)( ?\(?\d+\)?)?$|"
    r"^副本|副本( ?\(?\d+\)?)?$| \(\d+\)$",
    re.IGNORECASE,
)
"""What file managers write into the names of copies that they make."""

_USED: Final = 0.6
"""A file of which less of the band is used was upsampled, or might as well have a lower rate."""

LOSSLESS: Final = ("pcm", "flac", "alac", "wavpack", "tta", "ape", "float", "double", "dwvw")
"""How the names of codecs that keep every sample begin, in both decoders' words."""


@dataclass(frozen=True, slots=True)
class ComparedCopy:
    """A clip of a group, what it points to, and what its file shows, where that was measured."""

    clip: Clip
    content: Content
    evidence: Evidence | None = None

    @property
    def sounds_s(self) -> float:
        """How long it is without the silence around it."""
        return self.content.duration_s - (self.evidence.silence_s if self.evidence else 0.0)

    @property
    def is_upsampled(self) -> bool:
        """Whether its sample rate could hold far more than there is in it."""
        return self.evidence is not None and self.evidence.bandwidth_hz < _USED * self.content.sample_rate_hz / 2


def best_copy(copies: Sequence[ComparedCopy]) -> tuple[ComparedCopy, str]:
    """The copy worth keeping among several, and the first thing that speaks for it, in words."""
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
    # no one thing sets it apart from all: what sets it apart from the next best
    return best, next(reason(best) for question, reason in questions if question(best) < question(others[0]))


def is_spoiled(clip: Clip) -> bool:
    """Whether decoding found something amiss with its file: damage, less than was promised, channels that cancel."""
    return any(_MEANS_NO_HARM.search(warning) is None for warning in clip.warnings)


def is_lossless(content: Content) -> bool:
    """Whether its codec keeps every sample."""
    return content.codec.lower().startswith(LOSSLESS)


def is_named_copy(path: str) -> bool:
    """Whether a file is called what file managers call a copy that they make.

    Examples:
        >>> [is_named_copy(path) for path in ("copy of rain.wav", "rain (2).wav", "rain - Copy.wav", "copy.wav")]
        [True, True, True, False]
    """
    return _NAMED_COPY.search(PurePosixPath(path).stem) is not None


_Question = Callable[[ComparedCopy], Any]
_Reason = Callable[[ComparedCopy], str]


def _questions(longest_s: float, widest_hz: float, amiss: str) -> tuple[tuple[_Question, _Reason], ...]:
    """What is asked in turn; the smaller answer is better. What was not measured speaks neither for nor against."""
    return (
        (lambda c: c.clip.missing, lambda c: "its file is there"),
        (lambda c: is_spoiled(c.clip), lambda c: f"something is amiss with the others ({amiss})"),
        (lambda c: c.sounds_s < COMPLETE * longest_s, lambda c: "the others are cut"),
        (lambda c: not is_lossless(c.content), lambda c: f"lossless ({c.content.codec})"),
        (lambda c: c.evidence is not None and c.evidence.clipped > _CLIPPED, lambda c: "the others are clipped"),
        (
            lambda c: c.evidence is not None and c.evidence.bandwidth_hz < _AS_WIDE * widest_hz,
            lambda c: f"it sounds up to {widest_hz / 1000:.1f} kHz, the others less",
        ),
        (
            lambda c: round(c.evidence.silence_s, 1) if c.evidence else 0.0,
            lambda c: "the least silence before and behind the sound",
        ),
        (lambda c: -round(c.sounds_s, 1), lambda c: f"the longest ({c.sounds_s:.1f} s)"),
        (lambda c: c.is_upsampled, lambda c: "the others have a higher rate and nothing more in it"),
        (
            lambda c: 0 if c.evidence else -c.content.sample_rate_hz,
            lambda c: f"the highest sample rate ({c.content.sample_rate_hz} Hz)",
        ),
        (lambda c: -c.content.channels, lambda c: f"the most channels ({c.content.channels})"),
        (lambda c: is_named_copy(c.clip.path), lambda c: "the others are named as copies are"),
        (lambda c: c.clip.added, lambda c: "added first"),
        (lambda c: (c.clip.path.count("/"), len(c.clip.path)), lambda c: "the shortest path"),
        (lambda c: (c.clip.path, c.clip.id), lambda c: "first by name"),
    )
