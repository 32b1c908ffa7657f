"""Running out of file handles is the end of a job, not the failure of whichever file met it."""

from __future__ import annotations

import errno
import os

from search.errors import JobError

_NO_HANDLES = (errno.EMFILE, errno.ENFILE)


def check_handles(error: BaseException) -> None:
    """Raises JobError when ``error`` came about because this process or the system can open no more files.

    Decoders word this error differently, so the system is asked too.
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
