"""``soundalike keys``: who may use a service that other machines can reach."""

from __future__ import annotations

import argparse
import sys
import time

from search.commands import options, output
from search.errors import UsageError
from search.settings import Settings


class Keys:
    """Make, list and revoke API keys."""

    name = "keys"
    help = "make, list and revoke the API keys of a service"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the actions and their options."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        add = actions.add_parser("add", help="make a key; it is shown this once")
        add.add_argument("key_name", metavar="NAME", help="what it is for")
        add.add_argument(
            "--scope",
            action="append",
            choices=("read", "write"),
            help="what it may do: read (search, listen), write (upload, change, remove); default: read",
        )
        every = actions.add_parser("list", help="list every key that was made")
        options.add_json(every)
        revoke = actions.add_parser("revoke", help="end a key, within seconds")
        revoke.add_argument("key_name", metavar="NAME", help="its name")
        for action in (add, every, revoke):
            options.add_library(action)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Do it."""
        with options.library(args, settings, create=args.action == "add") as library:
            keys = library.keys
            if args.action == "add":
                print(keys.add(args.key_name, args.scope or ["read"]))
                print("soundalike: keep it well; only its digest is stored", file=sys.stderr)
            elif args.action == "revoke":
                if not keys.revoke(args.key_name):
                    raise UsageError(f"no key that holds is called {args.key_name!r}")
            else:
                rows = [
                    {"name": k.name, "scopes": sorted(k.scopes), "created": k.created, "revoked": k.revoked}
                    for k in keys.list()
                ]
                if args.json:
                    output.print_json(rows)
                else:
                    for key in keys.list():
                        made = time.strftime("%Y-%m-%d", time.gmtime(key.created))
                        state = "revoked" if key.revoked else "holds"
                        print(f"{key.name}\t{'+'.join(sorted(key.scopes))}\tmade {made}\t{state}")
        return 0
