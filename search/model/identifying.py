"""Identification: which recording a sound is, by fingerprints."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class Recognition:
    """A passage of the queried sound that is part of a recording of the library.

    The passage from ``query_start_s`` to ``query_end_s`` of the sound is the passage from ``start_s`` to ``end_s`` of
    the clip, accurate to 50 ms, played at ``speed`` (1.02: 2 % faster than the clip). ``landmarks`` is how many
    landmarks both have in common. ``probability`` is the probability that the recognition is right. ``copies`` are the
    ids of other clips of the same content.

    Examples:
        >>> recognition = library.recordings.identify("sounds/rain.wav").recognitions[0]
        >>> recognition.title, recognition.copies, round(recognition.start_s - recognition.query_start_s, 1)
        ('rain', (4,), 0.0)
    """

    clip: Clip
    query_start_s: float
    query_end_s: float
    start_s: float
    end_s: float
    speed: float
    probability: float
    landmarks: int
    copies: tuple[int, ...]

    @property
    def clip_id(self) -> int:
        """The clip's id."""
        return self.clip.id

    @property
    def path(self) -> str:
        """The absolute path of the clip's file."""
        return self.clip.absolute_path

    @property
    def title(self) -> str:
        """The clip's title."""
        return self.clip.title


@dataclass(frozen=True, slots=True)
class Identification:
    """The recordings of the library that a sound of ``duration_s`` contains.

    For a sound of up to ten seconds these are the candidates, likeliest first. For a longer one they say what is played
    when, in order of time. Only ``fingerprinted`` of the library's ``contents`` can be recognised; ``earlier`` of these
    have fingerprints of an older version that is less robust to noise. ``warnings`` are defects of the queried file,
    which was read all the same.

    Examples:
        >>> library.recordings.identify("door.wav").duration_s
        2.0
    """

    recognitions: tuple[Recognition, ...]
    duration_s: float
    fingerprinted: int
    contents: int
    warnings: tuple[str, ...] = ()
    earlier: int = 0
