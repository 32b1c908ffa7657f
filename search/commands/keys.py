"""``soundalike keys``: API keys for a service that other machines can reach."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from search.commands import options, output
from search.errors import UsageError
from search.settings import Settings

if TYPE_CHECKING:
    from search.model import Key, Scope
    from search.ports.keeping import KeyStore


class Keys:
    """Make, list and revoke API keys."""

    name = "keys"
    help = "create, list and revoke API keys for soundalike serve"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the actions and their options."""
        actions = options.add_actions(parser)
        add = actions.add_parser("add", help="create a key; it is shown only once")
        add.add_argument("key_name", metavar="NAME", help="a name that says what the key is for")
        add.add_argument(
            "--scope",
            action="append",
            choices=("read", "write"),
            help="what the key allows: read (search, play), write (upload, change, remove); may be repeated (read)",
        )
        every = actions.add_parser("list", help="list all keys, revoked ones too")
        revoke = actions.add_parser("revoke", help="revoke a key; it stops working within seconds")
        revoke.add_argument("key_name", metavar="NAME", help="the key's name")
        for action in (add, every, revoke):
            options.add_json(action, default=argparse.SUPPRESS)
            options.add_library(action, default=argparse.SUPPRESS)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Do it."""
        with options.library(args, settings, create=args.action == "add") as library:
            if args.action == "add":
                _add(library.keys, args)
            elif args.action == "revoke":
                _revoke(library.keys, args)
            else:
                _print_all(library.keys.list(), as_json=args.json)
        return 0


def _add(keys: KeyStore, args: argparse.Namespace) -> None:
    scopes: list[Scope] = sorted(set(args.scope or ["read"]))
    secret = keys.add(args.key_name, scopes)
    if args.json:
        output.print_json({"name": args.key_name, "scopes": scopes, "key": secret})
    else:
        print(secret)
    print("soundalike: keep it safe; only its digest is stored", file=sys.stderr)


def _revoke(keys: KeyStore, args: argparse.Namespace) -> None:
    if not keys.revoke(args.key_name):
        valid = ", ".join(key.name for key in keys.list() if not key.revoked)
        raise UsageError(f"no valid key is called {args.key_name!r}; there are: {valid or 'none'}")
    if args.json:
        output.print_json(_as_json(next(key for key in reversed(keys.list()) if key.name == args.key_name)))


def _print_all(keys: list[Key], *, as_json: bool) -> None:
    if as_json:
        output.print_json([_as_json(key) for key in keys])
        return
    for key in keys:
        made = time.strftime("%Y-%m-%d", time.gmtime(key.created))
        print(f"{key.name}\t{'+'.join(sorted(key.scopes))}\tmade {made}\t{'revoked' if key.revoked else 'valid'}")
    if not keys:
        print("No keys; make one with: soundalike keys add NAME")


def _as_json(key: Key) -> dict[str, Any]:
    return {"name": key.name, "scopes": sorted(key.scopes), "created": key.created, "revoked": key.revoked}
