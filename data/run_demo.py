"""``make demo``: generate the demo collection, index it, run a few searches, and print next steps."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

SOUNDALIKE = [sys.executable, "-m", "search.cli"]


def main() -> int:
    """Run the demo. Return the exit status of the first step that fails, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", type=Path, required=True, help="where the sounds go")
    parser.add_argument("--library", type=Path, required=True, help="where the library goes")
    parser.add_argument("--each", type=int, default=8, help="sounds of each kind (8), where they are generated")
    args = parser.parse_args()
    if not (args.collection / "manifest.csv").exists():
        print("Generating the demo collection ...", flush=True)
        generator = Path(__file__).with_name("demo.py")
        each = ("--each", str(args.each))
        subprocess.run([sys.executable, str(generator), str(args.collection), *each], check=True)  # noqa: S603 - our own
    example = sorted(args.collection.glob("**/*siren*"))[0]
    library = ["--library", str(args.library)]
    for what, command in (
        ("Index the folder:", ["index", str(args.collection), *library]),
        ("What is called rain?", ["search", "--text", "rain", "-k", "5", *library]),
        ("What sounds like this siren?", ["search", "--audio", str(example), "-k", "5", *library]),
        (
            "Its first two seconds, among clips under six seconds:",
            ["search", "--audio", f"{example}#0-2", "--where", "duration_s < 6", "-k", "5", *library],
        ),
    ):
        print(f"\n{what}\n$ soundalike {shlex.join(command)}", flush=True)
        status = subprocess.run([*SOUNDALIKE, *command], check=False).returncode  # noqa: S603 - our own command
        if status:
            return status
    print(
        "\nNow your own sounds:\n"
        "$ . .venv/bin/activate\n"
        "$ soundalike index ~/Music\n"
        "$ soundalike search --text horn\n"
        "$ soundalike search --audio some.wav#3-6\n"
        "See docs/start.md for more."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
