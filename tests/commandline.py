"""Run ``soundalike`` within the test's process, which saves starting Python and loading libraries again.

Tests that depend on a separate process (signals, limits, what is loaded at the start) start one themselves.
"""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from search.cli import main


@dataclass(frozen=True)
class Done:
    """The exit status and the output of a command."""

    returncode: int
    stdout: str
    stderr: str


def soundalike(*words: object) -> Done:
    """Run the command line ``words``."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([str(word) for word in words])
        except SystemExit as wrong_use:  # of argparse
            status = int(wrong_use.code or 0)
    outputs = []
    for stream in (out, err):
        stream.flush()
        outputs.append(stream.buffer.getvalue().decode("utf-8"))
    return Done(status, *outputs)
