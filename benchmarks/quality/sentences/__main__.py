"""``python -m benchmarks.quality.sentences``: how many sentences are understood as they are meant, and how fast."""

from __future__ import annotations

import argparse

from benchmarks.common.machine import this_machine
from benchmarks.quality.sentences.measure import HELD_OUT, TUNING, measure, sentences
from search.ground.ending import with_status


@with_status
def main() -> None:
    """Print the figures, and with ``--failures`` the sentences that were understood otherwise than meant."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--held-out", action="store_true", help="use the hundred sentences held out from development")
    parser.add_argument("--failures", action="store_true", help="show sentences that were misunderstood")
    args = parser.parse_args()
    figures = measure(sentences(HELD_OUT if args.held_out else TUNING))
    print(this_machine().sentence())
    print(
        f"{figures.count} sentences: whole Query right {figures.right:.2f}, wrong filters silently applied "
        f"{figures.wrong_filters}, median {figures.median_ms:.2f} ms, slowest {figures.slowest_ms:.2f} ms"
    )
    if args.failures:
        for failure in figures.failures:
            print(f"\n{failure.sentence}\n  meant {failure.meant}\n  read  {failure.read}")


if __name__ == "__main__":
    raise SystemExit(main())
