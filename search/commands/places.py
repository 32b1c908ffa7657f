"""Subcommands for the location of a library: init, doctor and migrate."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search import wiring
from search.commands import options, output
from search.errors import LibraryError, printable
from search.ground.urls import absolute, without_secrets
from search.settings import Settings

if TYPE_CHECKING:
    from search.catalog.diagnosing import Finding

COULD_NOT_RUN: Final = 3


class Init:
    """Create an empty library, in a folder or with its catalog on a server."""

    name = "init"
    help = "create an empty library, with its catalog in the folder or in PostgreSQL"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        parser.add_argument(
            "--catalog",
            default="",
            metavar="URL",
            help="keep the catalog in this database, like postgresql://user@host/database",
        )
        parser.add_argument(
            "--store",
            default="",
            metavar="URL",
            help="copy snapshots to this store, for other machines: s3://bucket/prefix or file:///folder",
        )
        parser.add_argument(
            "--cache",
            default="",
            metavar="DIR",
            help="keep snapshots in this folder on this machine (default: in the library)",
        )
        parser.add_argument("--index", default="", metavar="KIND", help="the kind of index (faiss)")
        parser.add_argument(
            "--root",
            action="append",
            default=[],
            metavar="PATH",
            help="a folder, or s3://bucket/prefix, for soundalike index to scan when it gets no PATH; may be repeated",
        )
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Create it."""
        path = options.library_path(args, settings)
        roots = [absolute(root) for root in args.root]
        cache = absolute(args.cache) if args.cache else ""
        wiring.new_library(
            path,
            settings,
            catalog=args.catalog,
            store=args.store,
            index=args.index,
            cache=cache,
            roots=roots,
        )
        what = "soundalike index" + ("" if roots else " FOLDER")
        made = f"{printable(str(path))}: is a library now; fill it with: {what}"
        output.print_either({"library": str(path), "roots": roots}, made, as_json=args.json)
        return 0


class Doctor:
    """Check that a library's catalog, store and roots can be reached, read and written."""

    name = "doctor"
    help = "check access to the catalog, the store and the roots: permissions, versions, clock, latency"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print each finding; 1 if something needs fixing, 3 if the catalog's server does not answer."""
        is_away, found = _examined(args, settings)
        findings = [type(one)(*map(without_secrets, one)) for one in found]
        if args.json:
            output.print_json([finding._asdict() for finding in findings])
        else:
            print("\n".join(_line(finding) for finding in findings))
        if is_away:
            return COULD_NOT_RUN
        return 1 if any(finding.remedy for finding in findings) else 0


class Migrate:
    """Copy a library to another folder, with its catalog in that folder or on a server."""

    name = "migrate"
    help = "copy a library to another folder, or its catalog to PostgreSQL and back; nothing is encoded again"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("source", type=Path, metavar="DIR", help="the library's folder; it is not changed")
        parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the new library's folder")
        parser.add_argument(
            "--catalog", metavar="URL", help="an empty database for the catalog (default: a file in the new folder)"
        )
        parser.add_argument(
            "--store",
            default="",
            metavar="URL",
            help="copy snapshots to this store: s3://bucket/prefix or file:///folder",
        )
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Copy it."""
        from search.library import moving

        with wiring.library(args.source, settings) as library, output.bar("copying") as progress:
            moving.move(library, args.to, args.catalog, progress, args.store)
            left = moving.left_behind(library, args.store)
        if args.json:
            output.print_json({"source": str(args.source), "library": str(args.to), "left_behind": left})
            return 0
        source, target = printable(str(args.source)), printable(str(args.to))
        compare = shlex.join(["soundalike", "verify", "--library", str(args.source), "--against", str(args.to)])
        print(f"{target}: has everything that {source} has; to compare: {printable(compare)}")
        for line in left:
            print(f"{target}: {line}")
        return 0


def _examined(args: argparse.Namespace, settings: Settings) -> tuple[bool, list[Finding]]:
    """Whether the catalog's server is away, and all findings; if it is, only those of parts in ``library.toml``."""
    from search.catalog.diagnosing import Finding
    from search.library import roots, stores

    try:
        with options.library(args, settings, read_only=True) as library:
            return False, [*library.catalog.diagnose(), *stores.diagnose(library), *roots.diagnose(library)]
    except LibraryError as error:
        if not error.of_server:
            raise
        away = Finding("catalog", "cannot be used", str(error))
    folder = options.library_path(args, settings)
    return True, [away, *stores.described(folder), *roots.described(folder)]


def _line(finding: Finding) -> str:
    return f"{finding.what:<12}{printable(finding.value)}" + (f"  -> {finding.remedy}" if finding.remedy else "")
