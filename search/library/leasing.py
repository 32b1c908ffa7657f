"""The holder's name in a library's lease, and how long a command waits for the lease."""

from __future__ import annotations

import os
import platform
from typing import Final

WAIT_S: Final = 10.0


def holder(command: str) -> str:
    """Return how the lease describes its holder: host, process, command."""
    return f"{platform.node()} process {os.getpid()} (soundalike {command})"
