"""The fingerprint of a content's file, as the job that brings fingerprints up to the catalog asks for them."""

from __future__ import annotations

from search import audio
from search.exact.listening import Fingerprint, fingerprint
from search.exact.spectra import RATE_HZ
from search.model import Clip, Content


def of_file(content: Content, clip: Clip) -> Fingerprint:
    """The fingerprint of a content, from the file of one of its clips. Raises AudioError where it cannot be read."""
    return fingerprint(audio.stream(clip.absolute_path, RATE_HZ, track=content.track))
