"""Making the fingerprint of a content's file, for the job that adds missing fingerprints."""

from __future__ import annotations

from search import audio
from search.analysis.exact.listening import Fingerprint, fingerprint
from search.analysis.exact.spectra import RATE_HZ
from search.model import Clip, Content
from search.snapshots.filling import Rest, at_once, resting


def of_file(content: Content, clip: Clip, *, rest: Rest = at_once) -> Fingerprint:
    """The fingerprint of a content, from the file of one of its clips.

    Calls ``rest`` before each block is decoded. Raises AudioError if the file cannot be read.
    """
    return fingerprint(resting(audio.stream(clip.absolute_path, RATE_HZ, track=content.track), rest))
