"""Draw the architecture from the imports: ``python -m docs.tools.rooms OUT.svg``.

A box is an upper room, or a package or module at the top of ``search``. A floor is a layer of import-linter's contracts
(``pyproject.toml``). An arrow is an import, unless a longer path of arrows already implies it.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ENGINE = "search"
WIDTH, FLOOR_HEIGHT, BOX_HEIGHT, MARGIN, GAP, LETTER = 1000, 64, 34, 16, 18, 8.2
_SWEEPS = 8
_ASIDE = 110
_LABELS = ("upper rooms", "inside search")
_STYLE = """
svg { font: 15px system-ui, sans-serif; background: #fff }
.floor { fill: #f4f5fa }
.box { fill: #fff; stroke: #3f51b5; stroke-width: 1.4 } .name { text-anchor: middle; fill: #1a1f3d }
.arrow { fill: none; stroke: #6f7bb8; stroke-width: 1.1; opacity: .75 } .label { fill: #5b6390; font-size: 12px }
"""


@dataclass(frozen=True, slots=True)
class Rooms:
    """Rooms by floor, from the top; the purpose of each; and the reduced imports between them."""

    floors: Sequence[Sequence[str]]
    purpose: Mapping[str, str]
    arrows: frozenset[tuple[str, str]]


def read() -> Rooms:
    """The rooms as the code has them now."""
    import grimp

    config = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    floors = _floors(config["contracts"])
    rooms = {room for floor in floors for room in floor}
    packages = [room for room in rooms if "." not in room]
    graph = grimp.build_graph(*packages, ENGINE)
    imports = {
        (upper, lower)
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if (upper := _room(module, rooms)) and (lower := _room(other, rooms)) and upper != lower
    }
    return Rooms(floors, {room: _purpose(room) for room in rooms}, reduced(imports))


def reduced(arrows: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """The transitive reduction of ``arrows``, which must have no cycles."""
    below: dict[str, set[str]] = {}
    for upper, lower in arrows:
        below.setdefault(upper, set()).add(lower)

    def reached(start: str) -> set[str]:
        reachable: set[str] = set()
        waiting = list(below.get(start, ()))
        while waiting:
            room = waiting.pop()
            if room not in reachable:
                reachable.add(room)
                waiting.extend(below.get(room, ()))
        return reachable

    far = {room: set().union(*(reached(lower) for lower in lowers)) for room, lowers in below.items()}
    return frozenset((upper, lower) for upper, lowers in below.items() for lower in lowers - far[upper])


def svg(rooms: Rooms) -> str:
    """The picture."""
    floors = _ordered(rooms)
    height = len(floors) * FLOOR_HEIGHT + 2 * MARGIN
    places = {room: place for number, floor in enumerate(floors) for room, place in _row(floor, number)}
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">']
    parts += [f"<title>The rooms of Soundalike and their imports</title><style>{_STYLE}</style>"]
    parts.append(
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#6f7bb8"/></marker>'
    )
    for number in range(len(floors)):
        top = MARGIN + number * FLOOR_HEIGHT + 10
        parts.append(f'<rect class="floor" x="8" y="{top}" width="{WIDTH - 16}" height="{FLOOR_HEIGHT - 20}" rx="6"/>')
        if number < len(_LABELS):
            parts.append(f'<text class="label" x="18" y="{top + 18}">{_LABELS[number]}</text>')
    for upper, lower in sorted(rooms.arrows):
        (x, y), (to_x, to_y) = places[upper], places[lower]
        start, end = y + BOX_HEIGHT / 2, to_y - BOX_HEIGHT / 2
        bend = (end - start) / 2
        curve = f"M{x:.0f} {start:.0f}C{x:.0f} {start + bend:.0f} {to_x:.0f} {end - bend:.0f} {to_x:.0f} {end:.0f}"
        parts.append(f'<path class="arrow" d="{curve}" marker-end="url(#tip)"/>')
    for room, (x, y) in places.items():
        width = _width(room)
        parts.append(
            f'<g><title>{escape(rooms.purpose[room])}</title><rect class="box" x="{x - width / 2:.0f}" '
            f'y="{y - BOX_HEIGHT / 2:.0f}" width="{width:.0f}" height="{BOX_HEIGHT}" rx="5"/>'
            f'<text class="name" x="{x:.0f}" y="{y + 5:.0f}">{escape(_shown(room))}</text></g>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def table(rooms: Rooms) -> str:
    """The rooms of the engine and what each is for, in Markdown, from the top floor down."""
    lines = ["| room | what it is for |", "|---|---|"]
    for floor in rooms.floors:
        lines += [f"| `{room}` | {rooms.purpose[room]} |" for room in floor if room.startswith(f"{ENGINE}.")]
    return "\n".join(lines)


def _floors(contracts: Sequence[Mapping[str, object]]) -> list[list[str]]:
    """The floors of the contract for the upper rooms, then those inside the engine."""
    floors: list[list[str]] = []
    for contract in contracts:
        if contract["type"] != "layers":
            continue
        inside = contract.get("containers")
        layers = contract["layers"]
        assert isinstance(layers, list)  # noqa: S101 - import-linter refuses anything else
        for layer in layers:
            names = [name.strip() for name in re.split(r"[|:]", layer)]
            floors.append([f"{ENGINE}.{name}" if inside else name for name in names])
    return [floor for floor in floors if floor != [ENGINE]]


def _room(module: str, rooms: set[str]) -> str | None:
    """The room that a module is in; None for the engine's own ``__init__``."""
    first, _, rest = module.partition(".")
    name = f"{first}.{rest.partition('.')[0]}" if first == ENGINE else first
    return name if name in rooms else None


def _purpose(room: str) -> str:
    """The first sentence of its docstring."""
    path = PROJECT / room.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    first = re.split(r"(?<=\.)\s|\n\n|::\n", text.strip(), maxsplit=1)[0]
    return re.sub(r"\s+", " ", first).replace("``", "`")


def _ordered(rooms: Rooms) -> list[list[str]]:
    """Sort each floor so that few arrows cross: each room moves towards the rooms that its arrows connect it to."""
    floors = [list(floor) for floor in rooms.floors]
    for _ in range(_SWEEPS):
        at = {room: place[0] for number, floor in enumerate(floors) for room, place in _row(floor, number)}
        for floor in floors:
            floor.sort(key=lambda room: _middle(room, rooms.arrows, at))
    return floors


def _middle(room: str, arrows: Iterable[tuple[str, str]], at: Mapping[str, float]) -> float:
    tied = [at[other] for pair in arrows if room in pair for other in pair if other != room]
    return sum(tied) / len(tied) if tied else at[room]


def _row(floor: Sequence[str], number: int) -> list[tuple[str, tuple[float, float]]]:
    """The middle of each box of a floor. Single boxes alternate between left and right, so that arrows pass by them."""
    widths = [_width(room) for room in floor]
    gap = (WIDTH - 2 * MARGIN - sum(widths)) / (len(floor) + 1)
    shift = _ASIDE * (1 if number % 2 else -1) if len(floor) == 1 else 0
    placed, left = [], MARGIN + gap + shift
    for room, width in zip(floor, widths, strict=True):
        placed.append((room, (left + width / 2, MARGIN + number * FLOOR_HEIGHT + FLOOR_HEIGHT / 2)))
        left += width + gap
    return placed


def _width(room: str) -> float:
    return len(_shown(room)) * LETTER + 2 * GAP


def _shown(room: str) -> str:
    return room.removeprefix(f"{ENGINE}.")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(svg(read()), encoding="utf-8")
