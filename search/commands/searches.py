"""``soundalike searches``: searches saved under a name, to run again and to report new matches."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from search.commands import options, output
from search.errors import UsageError, printable
from search.model import LEAST, SavedSearch
from search.model.as_json import answer_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library


class Searches:
    """Save, list, run, change, rename and delete saved searches."""

    name = "searches"
    help = "save searches under a name, run them again, and be notified of new matches (see soundalike watch)"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the actions and their options."""
        actions = options.add_actions(parser)
        save = actions.add_parser("save", help="save a search under a name; its options are those of soundalike search")
        save.add_argument("search", metavar="NAME", help="what to call it")
        options.add_query(save)
        every = actions.add_parser("list", help="list the saved searches and how many new matches each has")
        run = actions.add_parser("run", help="run a saved search, and mark its new matches as seen")
        run.add_argument("-k", type=int, metavar="N", help="how many hits (default: as saved)")
        options.add_offset(run, "hits")
        change = actions.add_parser("change", help="change which matches count as new, and where they are posted")
        rename = actions.add_parser("rename", help="rename a saved search")
        delete = actions.add_parser("delete", help="delete a saved search")
        for action in (run, change, rename, delete):
            action.add_argument("search", metavar="NAME", help="the saved search")
        rename.add_argument("new_name", metavar="NEW", help="its new name")
        for action in (save, change):
            action.add_argument(
                "--least", type=float, metavar="P", help=f"least probability at which a match counts as new ({LEAST:g})"
            )
            action.add_argument(
                "--webhook", metavar="URL", help="post new matches to this URL as signed JSON; '' stops it"
            )
        for action in (save, every, run, change, rename, delete):
            options.add_json(action, default=argparse.SUPPRESS)
            options.add_library(action, default=argparse.SUPPRESS)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Do it."""
        from search.library import saving

        with options.library(args, settings, read_only=args.action == "list") as library:
            if args.action == "list":
                _print_all(library.searches.all(), as_json=args.json)
            elif args.action == "save":
                least = LEAST if args.least is None else args.least
                query = options.query(args)
                with output.busy("listening"):
                    saved = saving.save_search(library, args.search, query, least=least, webhook=args.webhook or "")
                _say_saved(saved, as_json=args.json)
            else:
                _with_one(library, saving.named(library, args.search), args)
        return 0


def _with_one(library: Library, search: SavedSearch, args: argparse.Namespace) -> None:
    if args.action == "run":
        _run(library, search, args)
    elif args.action == "delete":
        library.searches.remove(search.id)
        output.print_deleted(search.id, search.name, as_json=args.json)
    elif args.action == "rename":
        renamed = replace(search, name=args.new_name)
        library.searches.change(renamed)
        if args.json:
            output.print_json(_as_json(renamed))
        else:
            print(f"{printable(search.name)}: now called {printable(args.new_name)}")
    else:
        _change(library, search, args)


def _change(library: Library, search: SavedSearch, args: argparse.Namespace) -> None:
    from search.library import saving

    if args.least is None and args.webhook is None:
        raise UsageError("say what to change: --least P or --webhook URL")
    changed = search if args.least is None else replace(search, least=args.least)
    if args.webhook is not None:
        changed = saving.with_webhook(changed, args.webhook, may_be_private=True)
    library.searches.change(changed)
    _say_saved(changed, as_json=args.json)


def _run(library: Library, search: SavedSearch, args: argparse.Namespace) -> None:
    from search.library import saving

    saving.new_matches(library, search)  # clips added a moment ago are in the answer, so they count as seen
    with output.busy("listening and searching"):
        answer = saving.run_search(library, search, k=args.k, offset=args.offset)
    library.matches.see(search.id)
    if args.json:
        output.print_json(answer_as_json(answer, paths="absolute"))
    else:
        output.print_table(answer)


def _print_all(searches: list[SavedSearch], *, as_json: bool) -> None:
    if as_json:
        output.print_json([_as_json(one) for one in searches])
        return
    for one in searches:
        trouble = f"  (cannot be run: {printable(one.trouble)})" if one.trouble else ""
        print(f"{one.unseen:6d} new  {printable(one.name)}{trouble}")
    if not searches:
        print("No saved searches; save one with: soundalike searches save NAME WORDS")


def _say_saved(search: SavedSearch, *, as_json: bool) -> None:
    if as_json:
        output.print_json({**_as_json(search), "secret": search.secret})
        return
    print(f"{printable(search.name)}: saved; soundalike watch reports new matches")
    if search.webhook:
        print(f"posts are signed with: {search.secret}")
        print("soundalike: keep it safe; the receiver uses it to check who posts", file=sys.stderr)


def _as_json(search: SavedSearch) -> dict[str, Any]:
    return {
        "id": search.id,
        "name": search.name,
        "query": json.loads(search.question),
        "least": search.least,
        "created": search.created,
        "unseen": search.unseen,
        "trouble": search.trouble,
        "webhook": search.webhook,
    }
