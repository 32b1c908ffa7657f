"""The landmarks of a content's file, as the job that brings fingerprints up to the catalog asks for them."""

from __future__ import annotations

from search import audio
from search.exact.landmarks import KEPT, RATE_HZ, Landmarks, landmarks
from search.model import Clip, Content


def of_file(content: Content, clip: Clip) -> Landmarks:
    """The landmarks of a content, from the file of one of its clips. Raises AudioError where it cannot be read."""
    return landmarks(audio.stream(clip.absolute_path, RATE_HZ, track=content.track), KEPT)
