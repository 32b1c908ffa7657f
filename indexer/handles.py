"""Running out of file handles ends a job; it is not a failure of the file that was being opened."""

from __future__ import annotations

import errno
import os

from search.errors import JobError

_NO_HANDLES = (errno.EMFILE, errno.ENFILE)


def check_handles(error: BaseException) -> None:
    """Raise JobError if ``error`` was caused by this process or the system having no file handles left.

    Decoders report this in different ways, so this also tries to open a file.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_HANDLES:
            raise _job_error() from error
        cause = cause.__cause__
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as problem:
        if problem.errno in _NO_HANDLES:
            raise _job_error() from error


def _job_error() -> JobError:
    return JobError("out of file handles: raise the limit (ulimit -n) or close other programs, then run it again")
