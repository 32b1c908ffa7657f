"""Plug-ins: what installed packages add to Soundalike, through entry points.

========================  ================================================================================
``soundalike.commands``   a tuple of `Command`: subcommands of ``soundalike``
``soundalike.encoders``   a family's ``load(variant, settings) -> Encoder`` (`search.ports.Encoder`)
``soundalike.indexes``    ``open(directory, dim, device) -> SpaceIndex`` (`search.ports.IndexFactory`)
``soundalike.jobs``       jobs that packages above the engine implement, by name: ``index`` is the bulk job
``soundalike.pages``      a function that makes the Flask blueprint to mount at ``/``
========================  ================================================================================

To add a plug-in, ``pip install`` its package. Soundalike's own parts are registered the same way. They win over others
of the same name, which are skipped with a warning. A command that cannot be loaded is skipped with a warning too.
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
    """A subcommand of ``soundalike``.

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
        """Add the options. This runs at every start of the subcommand, so import nothing heavy here."""

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Do the work. Return the exit status (0 done, 1 some inputs failed, 2 wrong use, 3 could not run)."""


class LateCommand:
    """A `Command` that is loaded when it is called or its help is shown, so that other commands start without it."""

    def __init__(self, name: str, place: str) -> None:
        """``place``: the command's class, like ``package.module:Class``."""
        self.name = name
        self._place = place

    @cached_property
    def command(self) -> Command:
        """The command itself."""
        module, _, kind = self._place.partition(":")
        return cast("Command", getattr(import_module(module), kind)())

    @property
    def help(self) -> str:
        """See `Command`."""
        return self.command.help

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """See `Command`."""
        self.command.configure(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """See `Command`."""
        return self.command.run(args, settings)


def offered(group: Group) -> Mapping[str, EntryPoint]:
    """Return the installed entry points of a group, by name: Soundalike's own first, which no other replaces."""
    points = sorted(_installed(f"soundalike.{group}", _folders()), key=lambda point: (_is_foreign(point), point.name))
    named: dict[str, EntryPoint] = {}
    for point in points:
        if point.name in named:
            log.warning(
                "%s of %s is left out: %s already comes from %s",
                point.value, _origin(point), point.name, _origin(named[point.name]),
            )  # fmt: skip
            continue
        named[point.name] = point
    return named


def _installed(group: str, folders: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group that packages in these folders offer."""
    return tuple(point for point in _offers(folders) if point.group == group)


@cache
def _offers(folders: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of all groups. Cached, because a command reads three groups and opening a library one.

    Most packages offer nothing to Soundalike. The name, which takes parsing the whole metadata, is read only of those
    that do.
    """
    del folders  # only the cache key
    found: dict[str, Distribution] = {}
    for package in distributions():
        if f"[{DISTRIBUTION}." in (package.read_text("entry_points.txt") or ""):
            found.setdefault(_name(package), package)  # the first on the path hides others of its name
    return tuple(point for package in found.values() for point in package.entry_points)


@cache
def _name(package: Distribution) -> str:
    return package.name


def _folders() -> tuple[tuple[str, int], ...]:
    """Return the folders of ``sys.path`` with their modification times, which change with every installation."""
    folders = [Path(folder) for folder in sys.path]
    return tuple((str(folder), folder.stat().st_mtime_ns if folder.is_dir() else 0) for folder in folders)


def load(group: Group, name: str) -> Any:  # noqa: ANN401 - each group has its own kind of object
    """Load the object called ``name`` of a group.

    Raises UsageError if nothing of that name is installed, or if it cannot be loaded (the message names the package).
    """
    points = offered(group)
    if name not in points:
        raise UsageError(f"no plug-in of soundalike.{group} is called {name!r}; known: {', '.join(sorted(points))}")
    return _loaded(points[name])


def encoder(name: str, settings: Settings) -> Encoder:
    """Load the encoder called ``family[:variant]``.

    Raises EncoderError for an unknown family or if a package that it needs is not installed, ModelNotFound if the
    weights are not found.
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
    """Return every installed subcommand. One that cannot be loaded or has a taken name is skipped with a warning."""
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
    """Load the job called ``name``, which a package above the engine implements (``index``: the bulk job)."""
    return cast("Callable[..., Any]", load("jobs", name))


def page() -> Callable[[], Any] | None:
    """Return the function that makes the web page's Flask blueprint, None if no page is installed."""
    point = next(iter(offered("pages").values()), None)
    return None if point is None else cast("Callable[[], Any]", _loaded(point))


def _loaded(point: EntryPoint) -> Any:  # noqa: ANN401 - as `load`
    try:
        return point.load()
    except SoundalikeError:
        raise
    except Exception as error:  # foreign code may raise anything when it is imported
        what = f"{point.group} {point.name!r} of {_origin(point)}"
        why = why_missing(what, error.name) if isinstance(error, ModuleNotFoundError) else None
        raise UsageError(
            why or f"{what} cannot be loaded ({type(error).__name__}: {error}); repair or remove that package"
        ) from error


def _is_foreign(point: EntryPoint) -> bool:
    return point.dist is None or _name(point.dist) != DISTRIBUTION


def _origin(point: EntryPoint) -> str:
    return "an unknown package" if point.dist is None else f"the package {_name(point.dist)}"
