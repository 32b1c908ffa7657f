"""The file of a clip: where it lies, if it is there now."""

from __future__ import annotations

import os
from typing import NamedTuple

from werkzeug.exceptions import NotFound

from search.audio.opening import open_regular
from search.errors import AudioError
from search.model import Clip


class ClipFile(NamedTuple):
    """A regular file that can be read, and what the system says of it."""

    path: str
    status: os.stat_result


def file_of(clip: Clip) -> ClipFile:
    """The clip's file. Raises NotFound (404) while it is away."""
    path = clip.absolute_path
    try:
        with open_regular(path) as file:
            return ClipFile(path, os.fstat(file.fileno()))
    except AudioError as error:
        raise NotFound(f"the file of clip {clip.id} is not there now; a disk may be unmounted") from error
