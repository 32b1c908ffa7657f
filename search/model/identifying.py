"""Which recording a sound is, as fingerprints say."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class Recognition:
    """A passage of a sound that is one of a recording of the library.

    What is heard from ``query_start_s`` to ``query_end_s`` of the sound lies from ``start_s`` to ``end_s`` of the clip,
    to 50 ms, played at ``speed`` (1.02: 2 % faster than the clip). ``landmarks`` of the sound are the clip's too;
    ``probability`` is how sure it is. ``copies`` are the other clips of the same content.

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
        """Where its file is, absolute."""
        return self.clip.absolute_path

    @property
    def title(self) -> str:
        """Its title."""
        return self.clip.title


@dataclass(frozen=True, slots=True)
class Identification:
    """What a sound of ``duration_s`` is: of a short one the recordings that it may be, likeliest first; of one over ten
    seconds what is played when, in order of time. ``fingerprinted`` of ``contents`` sounds of the library could be
    found at all; ``earlier`` of these were fingerprinted by a version that knew less in noise. ``warnings`` say what
    was amiss with its file, which was read all the same.

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
