"""From a file to windows: decode, mix to mono, resample, cut.

=============  ====================================================================================
``names``      which files a scan opens, by their names
``signatures`` what files contain, by their first bytes
``opening``    a path -> an open regular file, or one clear cause
``containers`` the kind of a file, and its chunks
``views``      a part of a file, or a file with corrected bytes, as a decoder should see it
``promises``   compares the sizes in a header with the file, and corrects them for the decoder
``mpeg``       MP3 files that are undamaged, by their checksum
``sources``    a file that is opened once for all readers
``sndfile``    decoding by libsndfile: uncompressed formats, and such MP3
``libav``      decoding by FFmpeg's libraries: FLAC, Ogg, Opus, MP3, MP4, WebM, Matroska and the rest
``timeline``   the time of decoded frames
``decoding``   which of the two decodes a file, by its content
``mixing``     channels of any sample type -> mono float32: their mean, unless that would lose the sound
``checking``   rejects samples that are not audio, and passages that are empty or too long
``metadata``   tags and text chunks, of every container that is decoded
``channels``   a file -> its channels as they are decoded
``streaming``  a file -> mono blocks at a given rate, in bounded memory
``cutting``    blocks -> an encoder's windows
``passages``   a passage -> a WAV file with the original samples
``levelling``  brings very quiet and very loud windows to a usual level
=============  ====================================================================================

Every failure is one AudioError that names the file and an understandable cause. Defects of files that can still be read
are warnings.
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
