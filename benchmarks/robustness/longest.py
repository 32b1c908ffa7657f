"""List the test modules that have long tests, from kept rounds of tests; the tests are ordered by this table.

    python -m benchmarks.robustness.longest

`tests/order.py` starts these modules early. The seconds are those of a busy machine; only which modules are long
matters.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.common.checkout import HERE
from benchmarks.robustness.tests import KEPT
from search.ground.ending import with_status

LONG_S = 3.0
"""A module has long tests if its longest one takes at least this long."""


def table(files: Iterable[Path]) -> str:
    """Return a line for each module with a long test: seconds of its longest (median over rounds), and its path."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for file in files:
        for one in json.loads(file.read_text("utf-8"))["ran"]:
            seconds[one["name"]].append(float(one["seconds"]))
    longest: dict[str, float] = defaultdict(float)
    for name, of_rounds in seconds.items():
        module = name.partition("::")[0].removeprefix("tests/")
        longest[module] = max(longest[module], statistics.median(of_rounds))
    found = sorted((module, most) for module, most in longest.items() if most >= LONG_S)
    return "".join(f"{most:4.0f} {module}\n" for module, most in found if (HERE.folder / "tests" / module).is_file())


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Write the table and return 0; exit with 2 if no round is kept."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness.longest", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--keep", type=Path, default=KEPT, metavar="FOLDER", help=f"folder of complete rounds ({KEPT})")
    parser.add_argument("--out", type=Path, default=HERE.folder / "tests" / "longest.txt", metavar="FILE")
    args = parser.parse_args(argv)
    files = sorted(args.keep.glob("*/*.json"))
    if not files:
        parser.error(f"no rounds are kept in {args.keep}; make some: python -m benchmarks.robustness.tests")
    args.out.write_text(table(files), "utf-8")
    print(f"{args.out}: {len(args.out.read_text('utf-8').splitlines())} modules, from {len(files)} rounds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
