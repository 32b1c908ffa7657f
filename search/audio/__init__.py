"""From a file to windows: decode, mix to mono, resample, cut.

=============  ====================================================================================
``names``      which files a scan looks into, by their names
``signatures`` what they hold, by their first bytes
``opening``    a path -> an open regular file, or one clear cause
``containers`` what kind of file this is, and the chunks that it consists of
``views``      a part of a file, or one with other bytes in places, as a decoder should see it
``promises``   what a header promises against what is there, and the sizes as they should be
``mpeg``       MP3 files that their checksum says are whole
``sources``    a file that is opened once, for all that reads it
``sndfile``    decoding by libsndfile: uncompressed formats, and such MP3
``libav``      decoding by FFmpeg's libraries: FLAC, Ogg, Opus, MP3, MP4, WebM, Matroska and the rest
``timeline``   where decoded frames lie in a file's time
``decoding``   which of the two decodes a file, by its content
``mixing``     channels of samples of any type -> one of float32: their mean, but where that would lose the sound
``checking``   samples that are no sound, passages that are empty or too long
``metadata``   what tags and chunks of text say, in every container that is decoded
``channels``   a file -> its channels as they are decoded
``streaming``  a file -> mono blocks at the rate asked for, in bounded memory
``cutting``    blocks -> an encoder's windows
``passages``   a passage -> a WAV file of the very samples
``levelling``  windows far under or over the usual level are brought to it
=============  ====================================================================================

Every failure is one AudioError that names the file and a cause a person understands; what was amiss with a file that is
read all the same is a warning.
"""

from __future__ import annotations

from search.audio.channels import channels
from search.audio.cutting import WINDOWS_REVISION, cut
from search.audio.levelling import gain_of_soft, levelled, peak_of
from search.audio.mixing import SILENCE_DB
from search.audio.names import FileKind, is_audio_name, kind, suffix_of
from search.audio.passages import WavPassage, wav_passage
from search.audio.signatures import kind_inside
from search.audio.sources import OpenSound
from search.audio.streaming import SPEEDS, check_speed, probe, stream, windows
from search.audio.track import Block

__all__ = [
    "SILENCE_DB",
    "SPEEDS",
    "WINDOWS_REVISION",
    "Block",
    "FileKind",
    "OpenSound",
    "WavPassage",
    "channels",
    "check_speed",
    "cut",
    "gain_of_soft",
    "is_audio_name",
    "kind",
    "kind_inside",
    "levelled",
    "peak_of",
    "probe",
    "stream",
    "suffix_of",
    "wav_passage",
    "windows",
]
