"""From a file to windows: decode, mix to mono, resample, cut.

=============  ====================================================================================
``names``      which files a scan picks up
``opening``    a path -> an open regular file, or one clear cause
``containers`` chunks and headers: what a file promises against what is there
``sndfile``    decoding by libsndfile: uncompressed formats and FLAC
``libav``      decoding by FFmpeg's libraries: Ogg, Opus, MP3, MP4, WebM, Matroska and the rest
``decoding``   which of the two decodes a file, by its content
``mixing``     samples of any type -> mono float32
``streaming``  a file -> mono blocks at the rate asked for, in bounded memory
``cutting``    blocks -> an encoder's windows
=============  ====================================================================================

Every failure is one AudioError that names the file and a cause a person understands.
"""

from __future__ import annotations

from search.audio.cutting import SILENCE_DB, cut
from search.audio.names import is_audio_name, is_midi_name
from search.audio.streaming import probe, stream, windows

__all__ = ["SILENCE_DB", "cut", "is_audio_name", "is_midi_name", "probe", "stream", "windows"]
