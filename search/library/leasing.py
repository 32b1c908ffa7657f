"""Who takes the lease of a library, and for how long a command waits for it."""

from __future__ import annotations

import os
import platform
from typing import Final

WAIT_S: Final = 10.0


def holder(command: str) -> str:
    """What the lease says of its holder: host, process, command."""
    return f"{platform.node()} process {os.getpid()} (soundalike {command})"
