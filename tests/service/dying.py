"""Processes for tests of the supervisor: they are started anew by it, so they stand in a module of their own."""

from __future__ import annotations

import threading


def dies() -> None:
    """End at once, as after an error that comes back each time."""
    raise SystemExit(1)


def lives() -> None:
    """Go on until it is ended."""
    threading.Event().wait()
