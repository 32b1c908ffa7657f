"""A process that runs the commands and programs of a page, one after the other: what is imported is imported once.

It reads a line of JSON, ``{"argv": [...]}`` or ``{"code": "..."}``, and answers with ``{"status", "out", "err"}``.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback

from search.cli import main


def run(question: dict[str, object]) -> int:
    """The exit status of a command, or of a program (1 when it raises)."""
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


def serve() -> None:
    answers = sys.stdout
    for line in sys.stdin:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(json.loads(line))
        print(json.dumps({"status": status, "out": out.getvalue(), "err": err.getvalue()}), file=answers, flush=True)


if __name__ == "__main__":
    serve()
