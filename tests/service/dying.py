"""Processes for tests of the supervisor. They need a module of their own because the supervisor starts them afresh."""

from __future__ import annotations

import threading


def dies() -> None:
    """End at once, as after an error that recurs at every start."""
    raise SystemExit(1)


def lives() -> None:
    """Run until ended from outside."""
    threading.Event().wait()
