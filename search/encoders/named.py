"""Loads the encoders of the family ``cnn`` by name, without importing torch where it is not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.encoders import soundalike
from search.encoders.family import NAME
from search.encoders.weights import path_of, shipped
from search.settings import Settings

if TYPE_CHECKING:
    from search.ports import Encoder


def load(variant: str, settings: Settings) -> Encoder:
    """The encoder ``cnn:<variant>``: ``soundalike-1``, a published name, or the path of a file of either kind.

    Raises ModelNotFound if the file is not found, EncoderError if it is damaged or not of this family.
    """
    if variant == NAME:
        return soundalike.load(shipped(soundalike.FILE, settings), variant, settings.device, settings.language)
    path = path_of(variant)
    if path.is_file() and soundalike.is_bundle(path):
        return soundalike.load(path, str(path), settings.device, settings.language)
    from search.encoders import cnn

    return cnn.load(variant, settings)
