"""One process per page, which runs the page's commands and programs one after the other.

All are forks of one process that has already imported what commands need, which saves a second of CPU time per page.
That process listens on the given Unix socket, and forks for each connection. A client sends lines of JSON: first the
environment, then ``{"argv": [...]}`` or ``{"code": "..."}``. Each is answered with ``{"status", "out", "err"}``.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import select
import socket
import sys
import traceback

from search.cli import main

IMPORTED = (
    "alembic.command",
    "av",
    "indexer.job",
    "onnxruntime",
    "search.catalog.sqlite",
    "search.wiring",
    "soundalike",
)
"""Modules that most commands import when they run."""


def run(question: dict[str, object]) -> int:
    """Run a command or a program. Return its exit status (1 if it raises)."""
    try:
        if "argv" in question:
            return main(question["argv"])
        exec(compile(question["code"], "snippet", "exec"), {"__name__": "snippet"})
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    except Exception:  # noqa: BLE001 - a program of the documentation may raise anything; the test shows it
        traceback.print_exc()
        return 1
    return 0


def serve(connection: socket.socket) -> None:
    """Answer one client until it closes the connection."""
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        os.environ.clear()
        os.environ.update(json.loads(lines.readline()))
        for line in lines:
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = run(json.loads(line))
            print(json.dumps({"status": status, "out": out.getvalue(), "err": err.getvalue()}), file=lines, flush=True)


def listen(listening: socket.socket) -> None:
    """Fork for each connection, until standard input is closed."""
    forks = []
    while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
        connection, _ = listening.accept()
        fork = os.fork()
        if fork == 0:
            listening.close()
            serve(connection)
            os._exit(0)
        connection.close()
        forks.append(fork)
    for fork in forks:
        os.waitpid(fork, 0)


if __name__ == "__main__":
    for module in IMPORTED:
        importlib.import_module(module)
    with socket.socket(socket.AF_UNIX) as mine:
        mine.bind(sys.argv[1])
        mine.listen()
        print("listening", flush=True)
        listen(mine)
