"""What installed packages add to Soundalike, through entry points.

========================  ================================================================================
``soundalike.commands``   a tuple of `Command`: subcommands of ``soundalike``
``soundalike.encoders``   a family's ``load(variant, settings) -> Encoder`` (`search.ports.Encoder`)
``soundalike.indexes``    ``open(directory, dim, device) -> SpaceIndex`` (`search.ports.IndexFactory`)
``soundalike.jobs``       the work of upper rooms, by name: ``index`` is the bulk job
``soundalike.pages``      a function that makes the Flask blueprint to mount at ``/``
========================  ================================================================================

Soundalike's own parts come the same way. They win over others of the same name, which are left out with a warning;
so is a command that cannot be loaded. ``pip install`` of a package is all that it takes to add one.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

from search.errors import SoundalikeError, UsageError
from search.ground.extras import why_missing
from search.settings import Settings

if TYPE_CHECKING:
    from search.ports import Encoder

DISTRIBUTION = "soundalike"
Group: TypeAlias = Literal["commands", "encoders", "indexes", "jobs", "pages"]
EncoderFactory: TypeAlias = "Callable[[str, Settings], Encoder]"

log = logging.getLogger(__name__)


class Command(Protocol):
    """A subcommand of ``soundalike``, as a room offers it.

    Examples:
        >>> class Count:
        ...     name = "count"
        ...     help = "how many clips the library has"
        ...
        ...     def configure(self, parser):
        ...         parser.add_argument("--where", metavar="EXPR", help="count only these")
        ...
        ...     def run(self, args, settings):
        ...         with soundalike.open_library(settings=settings) as library:
        ...             print(library.clips.facets(args.where).clips)
        ...         return 0
        >>> Count().run(argparse.Namespace(where="duration_s < 5"), library.settings)
        5
        0
    """

    @property
    def name(self) -> str:
        """The word on the command line."""

    @property
    def help(self) -> str:
        """One line for ``soundalike --help``."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options. Runs for every start of that subcommand: no heavy import here."""

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Do the work; the exit status (0 done, 1 some inputs failed, 2 wrong use, 3 could not run)."""


class LateCommand:
    """A `Command` that is loaded when it is called, or its help is asked for: other commands start without it."""

    def __init__(self, name: str, place: str) -> None:
        """``place``: where its class is, like ``package.module:Class``."""
        self.name = name
        self._place = place

    @cached_property
    def command(self) -> Command:
        """The command itself."""
        module, _, kind = self._place.partition(":")
        return cast("Command", getattr(import_module(module), kind)())

    @property
    def help(self) -> str:
        """As `Command` says, and so do the others."""
        return self.command.help

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """As the command does."""
        self.command.configure(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """As the command does."""
        return self.command.run(args, settings)


def offered(group: Group) -> Mapping[str, EntryPoint]:
    """What is installed of a group, by name; Soundalike's own first, which no other replaces."""
    points = sorted(_installed(f"soundalike.{group}", _folders()), key=lambda point: (_is_foreign(point), point.name))
    named: dict[str, EntryPoint] = {}
    for point in points:
        if point.name in named:
            log.warning(
                "%s of %s is left out: %s is there already, from %s",
                point.value, _origin(point), point.name, _origin(named[point.name]),
            )  # fmt: skip
            continue
        named[point.name] = point
    return named


def _installed(group: str, folders: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """What the packages in these folders offer."""
    return tuple(point for point in _offers(folders) if point.group == group)


@cache
def _offers(folders: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """What they offer of all groups: a command asks for three, a library for one each time that it is opened.

    Most packages offer us nothing. Only of those that do the name is read, from the whole of their descriptions.
    """
    del folders  # as they are now
    found: dict[str, Distribution] = {}
    for package in distributions():
        if f"[{DISTRIBUTION}." in (package.read_text("entry_points.txt") or ""):
            found.setdefault(_name(package), package)  # the first on the path hides others of its name
    return tuple(point for package in found.values() for point in package.entry_points)


@cache
def _name(package: Distribution) -> str:
    return package.name


def _folders() -> tuple[tuple[str, int], ...]:
    """Where packages may lie, and when something was installed there or taken away last."""
    folders = [Path(folder) for folder in sys.path]
    return tuple((str(folder), folder.stat().st_mtime_ns if folder.is_dir() else 0) for folder in folders)


def load(group: Group, name: str) -> Any:  # noqa: ANN401 - each group has its own kind of object
    """The object that is called ``name`` in a group.

    Raises UsageError when nothing of that name is installed, or it cannot be loaded (that names the package).
    """
    points = offered(group)
    if name not in points:
        raise UsageError(f"nothing among soundalike.{group} is called {name!r}; known: {', '.join(sorted(points))}")
    return _loaded(points[name])


def encoder(name: str, settings: Settings) -> Encoder:
    """The encoder called ``family[:variant]``.

    Raises EncoderError for an unknown family and where what it needs is not installed, ModelNotFound for weights that
    are nowhere.
    """
    from search.errors import EncoderError

    family, _, variant = name.partition(":")
    families = offered("encoders")
    if family not in families:
        raise EncoderError(f"no encoder is called {name!r}; known families: {', '.join(sorted(families))}")
    load_variant = cast(EncoderFactory, _loaded(families[family]))
    try:
        return load_variant(variant, settings)
    except ModuleNotFoundError as error:
        why = why_missing(f"the encoder {name!r}", error.name)
        if why is None:
            raise
        raise EncoderError(why) from error


def commands() -> list[Command]:
    """Every subcommand that is installed. What cannot be loaded, or is there already, is left out with a warning."""
    found: dict[str, Command] = {}
    for point in offered("commands").values():
        try:
            offer = cast("tuple[Command, ...]", _loaded(point))
        except UsageError as error:
            log.warning("%s", error)
            continue
        for command in offer:
            if command.name in found:
                log.warning("the command %r of %s is left out: there is one already", command.name, _origin(point))
                continue
            found[command.name] = command
    return list(found.values())


def job(name: str) -> Callable[..., Any]:
    """The work called ``name`` that an upper room does for the engine (``index``: the bulk job)."""
    return cast("Callable[..., Any]", load("jobs", name))


def page() -> Callable[[], Any] | None:
    """What makes the web page's Flask blueprint, None where no page is installed."""
    point = next(iter(offered("pages").values()), None)
    return None if point is None else cast("Callable[[], Any]", _loaded(point))


def _loaded(point: EntryPoint) -> Any:  # noqa: ANN401 - as `load`
    try:
        return point.load()
    except SoundalikeError:
        raise
    except Exception as error:  # whatever the code of a stranger raises when it is imported
        what = f"{point.group} {point.name!r} of {_origin(point)}"
        why = why_missing(what, error.name) if isinstance(error, ModuleNotFoundError) else None
        raise UsageError(
            why or f"{what} cannot be loaded ({type(error).__name__}: {error}); mend or remove that package"
        ) from error


def _is_foreign(point: EntryPoint) -> bool:
    return point.dist is None or _name(point.dist) != DISTRIBUTION


def _origin(point: EntryPoint) -> str:
    return "an unknown package" if point.dist is None else f"the package {_name(point.dist)}"
