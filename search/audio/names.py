"""What the name of a file says: sound, notes, something that is not to be looked at, or nothing.

A name is believed only so far that what bears a suffix of sound is opened, and named if it holds none. Of every other
file its first bytes are asked (`search.audio.signatures`): a picture or a text costs 10 microseconds of the processor.
Decoding goes by content alone.
"""

from __future__ import annotations

import os
from typing import Literal, TypeAlias

FileKind: TypeAlias = Literal["sound", "notes", "other"]
"""What a file holds: sound, notes (MIDI), or something else."""

_LOSSLESS = """
wav wave bwf rf64 w64 aif aiff aifc au snd caf flac alac ape apl wv tta tak shn dsf voc avr paf pvf fap 8svx 16svx
svx nist sph ircam sox hcom sf sd2 xi htk sds mlp thd osq bonk rka laf wsd
"""
_LOSSY = """
mp1 mp2 mp3 mpga mpa m2a ogg oga opus spx m4a m4b m4p m4r isma aac adts loas ac3 eac3 ec3 ac4 dts dtshd wma amr awb
mpc mp+ ra qcp mmf oma aa3 omg aax dss vqf qoa lc3 iamf aea
"""
_OF_GAMES = "adx aix bcstm bfstm brstm binka hca genh xvag svag fsb5 xmd"
_WITH_A_SOUND_TRACK = """
mp4 m4v mov qt 3gp 3g2 mkv mk3d mka webm weba avi asf wmv flv f4v f4a mpg mpeg m2ts mts vob ogv ogm ogx rm rmvb ivr
mxf nut ismv mj2 dv xmv kux wtv dvr-ms nsv nuv
"""
SUFFIXES = frozenset((_LOSSLESS + _LOSSY + _OF_GAMES + _WITH_A_SOUND_TRACK).split())
"""Lower-case suffixes of sound, without their dot."""

_UNFINISHED = frozenset({"part", "partial", "crdownload", "download", "opdownload"})
"""Of what browsers are still fetching."""

MIDI_SUFFIXES = frozenset({"mid", "midi", "kar", "rmi"})
"""Notes, not sound: their melodies are indexed, in the melody space."""


def kind(name: str) -> FileKind | None:
    """What the name of a file says it is; None when the file itself must be asked."""
    suffix = _suffix(name)
    if suffix in SUFFIXES:
        return "sound"
    if suffix in MIDI_SUFFIXES:
        return "notes"
    hidden = os.path.basename(name).startswith(".")  # noqa: PTH119 - as below
    return "other" if hidden or suffix in _UNFINISHED else None


def is_audio_name(path: str) -> bool:
    """Whether a scan picks this file up. ``._name.wav``, which macOS leaves on foreign disks, holds no sound."""
    return _suffix(path) in SUFFIXES


def suffix_of(path: str) -> str:
    """The suffix of a name in lower case, without its dot; empty for a name without."""
    return _suffix(path)


def _suffix(path: str) -> str:
    """In lower case, without its dot; none for what macOS leaves."""
    name = os.path.basename(path)  # noqa: PTH119 - pathlib costs ten times as much, once per file of a scan
    return "" if name.startswith("._") else os.path.splitext(name)[1][1:].lower()  # noqa: PTH122 - as above
