"""The file of a clip: where it lies, if it is there now."""

from __future__ import annotations

import os
from typing import NamedTuple

from werkzeug.exceptions import NotFound

from search.audio.opening import open_regular
from search.errors import AudioError
from search.model import Clip

_LAST_S = 253_402_300_799.0
"""The last second of 9999."""


class ClipFile(NamedTuple):
    """A regular file that can be read, and what the system says of it."""

    path: str
    status: os.stat_result

    @property
    def modified_s(self) -> float:
        """When it was changed last, in seconds since 1970, brought between 1970 and 9999: HTTP knows no others."""
        return min(max(self.status.st_mtime, 0.0), _LAST_S)


def file_of(clip: Clip) -> ClipFile:
    """The clip's file. Raises NotFound (404) while it is away."""
    path = clip.absolute_path
    try:
        with open_regular(path) as file:
            return ClipFile(path, os.fstat(file.fileno()))
    except AudioError as error:
        raise NotFound(f"the file of clip {clip.id} is not there now; a disk may be unmounted") from error
