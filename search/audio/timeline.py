"""The times of decoded frames in a file, by the time stamps of its container, if they are plausible.

The count of samples is not the time: the sound of a call begins when somebody speaks, muted pauses are not recorded,
and the clock of a recorder is off by some parts in ten thousand. Players use the time stamps, and so do the passages
here, so that a player finds a passage at its time.

Each stamp is compared with the end of the last frame:

- within `JITTER_S`, it is that end: containers round to milliseconds, and arrival times jitter;
- later: a gap, in which nothing was recorded;
- earlier for `PATIENCE_S`: the recorder's clock is too fast, and the excess is dropped;
- earlier by more than `RESTART_S`, or later by more than `LONGEST_GAP_S`: the clock was reset (joined files, a stream
  that restarted), and the sound continues where it was.
"""

from __future__ import annotations

JITTER_S = 0.04
PATIENCE_S = 1.0
RESTART_S = 1.0
LONGEST_GAP_S = 24 * 3600.0

_DELAY_S = 0.1
"""A track that begins within this time begins at 0: codecs include their delay in the first stamp."""

_JOINED_S = 60.0
"""A file whose first track begins later than this is part of a longer stream: its own time begins with that track."""


def zero_s(track_s: float, file_s: float, *, counted: bool) -> float:
    """The time stamp at which a file's time is 0.

    ``track_s`` is the first stamp of the track, ``file_s`` the first of all tracks. ``counted``: whether the clock of
    the container begins at 0 by definition; that of a broadcast (MPEG) begins anywhere.
    """
    base_s = 0.0 if counted and -_DELAY_S < file_s < _JOINED_S else file_s
    return base_s if _DELAY_S <= track_s - base_s <= LONGEST_GAP_S else track_s


class Timeline:
    """The times of the frames of one track, in order.

    Examples:
        >>> timeline = Timeline(0.0)
        >>> [timeline.place(stamp_s, 1.0) for stamp_s in (0.0, 1.001, 5.0, None)]
        [(0.0, 0.0), (1.0, 0.0), (5.0, 0.0), (6.0, 0.0)]
    """

    def __init__(self, begin_s: float | None, jitter_s: float = JITTER_S) -> None:
        """``begin_s`` is the time of the first frame; None: as its stamp says."""
        self._jitter_s = jitter_s
        self.end_s = begin_s
        self.gaps_s = 0.0
        """The sum of all gaps after the first frame."""
        self._shift_s = 0.0
        self._early_s = 0.0

    def place(self, stamp_s: float | None, length_s: float) -> tuple[float, float]:
        """When a frame begins, and how much to drop from its start, both in seconds.

        ``stamp_s`` is its time stamp in the file's time, None if it has none; ``length_s`` is its length.
        """
        end_s = self.end_s if self.end_s is not None else stamp_s or 0.0
        late_s = 0.0 if stamp_s is None else stamp_s + self._shift_s - end_s
        left_out_s = 0.0
        if late_s > LONGEST_GAP_S or late_s < -RESTART_S:
            self._shift_s -= late_s
            self._early_s = 0.0
        elif late_s > self._jitter_s:
            self.gaps_s += late_s if end_s else 0.0
            end_s += late_s
            self._early_s = 0.0
        elif late_s >= -self._jitter_s:
            self._early_s = 0.0
        else:
            self._early_s += length_s
            if self._early_s >= PATIENCE_S:
                left_out_s = min(-late_s, length_s)
        self.end_s = end_s + length_s - left_out_s
        return end_s, left_out_s
