"""Which files a scan picks up, by name alone: a folder of 100,000 files is listed without opening one."""

from __future__ import annotations

import os

_LOSSLESS = """
wav wave bwf rf64 w64 aif aiff aifc afc au snd caf flac alac ape wv tta tak shn dsf voc avr paf pvf 8svx 16svx svx
nist sph ircam sf sd2 xi
"""
_LOSSY = """
mp1 mp2 mp3 mpga ogg oga opus spx m4a m4b m4p m4r aac adts loas ac3 eac3 dts dtshd wma amr awb mpc mp+ ra oma aa3 gsm
"""
_WITH_A_SOUND_TRACK = """
mp4 m4v mov qt 3gp 3g2 mkv mka webm weba avi asf wmv flv f4v f4a mpg mpeg m2ts mts vob ogv ogm ogx rm rmvb mxf nut
"""
SUFFIXES = frozenset((_LOSSLESS + _LOSSY + _WITH_A_SOUND_TRACK).split())
"""Lower-case suffixes without their dot. Left out although a decoder knows them, because other things than sound
usually bear them: ``ts`` (TypeScript), ``mat`` (MATLAB), ``iff`` (pictures), ``raw``, ``dat``."""


MIDI_SUFFIXES = frozenset({"mid", "midi", "kar", "rmi"})
"""Notes, not sound: their melodies are indexed, in the melody space."""


def is_audio_name(path: str) -> bool:
    """Whether a scan picks this file up. ``._name.wav``, which macOS leaves on foreign disks, holds no sound."""
    return _suffix(path) in SUFFIXES


def is_midi_name(path: str) -> bool:
    """Whether a scan takes this file for one of notes."""
    return _suffix(path) in MIDI_SUFFIXES


def _suffix(path: str) -> str:
    """In lower case, without its dot; none for what macOS leaves."""
    name = os.path.basename(path)  # noqa: PTH119 - pathlib costs ten times as much, once per file of a scan
    return "" if name.startswith("._") else os.path.splitext(name)[1][1:].lower()  # noqa: PTH122 - as above
