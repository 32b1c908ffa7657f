"""``soundalike listen``: report matches in live audio."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search.commands import options, output
from search.errors import QueryError, UsageError, printable
from search.model import ClipPart, SavedSearch
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library
    from search.library.listening import PreparedWatches, Wanted
    from search.library.live.alerts import Alert

LEAST: Final = 0.5
INTERRUPTED: Final = 130
HIGHEST_PORT: Final = 65_535


class Listen:
    """Listen to a stream."""

    name = "listen"
    help = "listen to a microphone, a file, a stream or samples on standard input, and report matches live"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        from search.library.live.listening import KEEP_S

        parser.add_argument(
            "source",
            metavar="SOURCE",
            help="mic, mic:NAME, a file, a URL (http, rtsp, ...), or - for 16-bit samples on standard input",
        )
        what = parser.add_argument_group("what to watch for (any number of these)")
        what.add_argument("--events", metavar="NAMES", help='sound classes, like: --events "Dog,Siren,Glass"')
        what.add_argument("--text", action="append", default=[], metavar="WORDS", help="sounds that fit these words")
        what.add_argument(
            "--audio", action="append", default=[], metavar="FILE[#start-end]", help="sounds like this file or passage"
        )
        what.add_argument("--clip", action="append", default=[], type=int, metavar="ID", help="sounds like this clip")
        saved = "matches of this saved search; its alerts are also posted to its webhook"
        what.add_argument("--saved", action="append", default=[], metavar="NAME", help=saved)
        what.add_argument(
            "--exact", action="store_true", help="recordings of the library itself (those that have fingerprints)"
        )
        parser.add_argument(
            "--least", type=float, default=LEAST, metavar="P", help=f"least probability to report ({LEAST:g})"
        )
        parser.add_argument("--webhook", metavar="URL", help="also post each alert to this URL as JSON")
        stream = "serve alerts as server-sent events on this address (host: 127.0.0.1; port 0: any free port)"
        parser.add_argument("--stream", metavar="[HOST:]PORT", type=_address, help=stream)
        parser.add_argument("--save", type=Path, metavar="FOLDER", help="save each match as a WAV file once it ends")
        parser.add_argument("--index", action="store_true", help="add what --save saves to the library")
        keep = f"seconds of audio held in memory for --save ({KEEP_S:g})"
        parser.add_argument("--keep", type=float, default=KEEP_S, metavar="S", help=keep)
        parser.add_argument(
            "--rate", type=int, default=48_000, metavar="HZ", help="sample rate on standard input (48000)"
        )
        parser.add_argument("--channels", type=int, default=1, metavar="N", help="channels on standard input (1)")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Report matches until the stream ends or is interrupted."""
        from search.library import saving
        from search.library.listening import Wanted
        from search.library.live.listening import ListeningPlan, listen
        from search.library.live.sources import Stream, StreamSource

        _check(args)
        wanted = Wanted(
            tuple(name.strip() for name in (args.events or "").split(",") if name.strip()),
            tuple(args.text),
            (*map(options.passage, args.audio), *map(ClipPart, args.clip)),
            args.exact,
        )
        with ExitStack() as held:
            library = held.enter_context(options.library(args, settings, read_only=True))
            searches = [saving.named(library, name) for name in args.saved]
            with output.busy("loading"):
                prepared = _prepared(library, wanted, searches)
            plan = ListeningPlan(prepared.window_s, args.least, keep_s=args.keep, save=args.save)
            reporters = _reporters(args, settings, searches, held)
            source = StreamSource(args.source, args.rate, args.channels)
            stream = held.enter_context(Stream(source, prepared.rate_hz))
            try:
                for alert in listen(stream, prepared.rate_hz, prepared.watches, plan):
                    for report in reporters:
                        report(alert)
            except KeyboardInterrupt:
                return INTERRUPTED
        return 0


def _address(said: str) -> tuple[str, int]:
    host, _, port = said.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{said!r}: give a port from 0 to {HIGHEST_PORT}, or HOST:PORT")
    return host or "127.0.0.1", int(port)


def _prepared(library: Library, watch_for: Wanted, searches: Sequence[SavedSearch]) -> PreparedWatches:
    from search.library import saving

    with ExitStack() as sounds:
        parts = tuple((search, sounds.enter_context(saving.live_parts(library, search))) for search in searches)
        return library.ears(replace(watch_for, searches=parts))


def _reporters(
    args: argparse.Namespace, settings: Settings, searches: Sequence[SavedSearch], held: ExitStack
) -> list[Callable[[Alert], None]]:
    """The receivers of alerts: the output, webhooks, followers of the stream, and the library."""
    from search.commands.keeping import FolderIndexing
    from search.library.following import SearchWebhooks
    from search.library.live.delivering import AlertWebhook, alert_as_json
    from search.library.live.streaming import AlertStream

    reporters: list[Callable[[Alert], None]] = [partial(_report, as_json=args.json)]
    if args.webhook:
        reporters.append(held.enter_context(AlertWebhook(args.webhook, _complain)).report)
    if by_id := {search.id: search for search in searches}:
        hooks = held.enter_context(SearchWebhooks(_complain))

        def post(alert: Alert) -> None:
            if alert.seen.search_id is not None:
                hooks.post(by_id[alert.seen.search_id], alert_as_json(alert))

        reporters.append(post)
    if args.stream:
        stream = held.enter_context(AlertStream(*args.stream))
        print(f"soundalike: alerts are served at {stream.url}", file=sys.stderr, flush=True)
        reporters.append(stream.report)
    if args.index:
        writable = held.enter_context(options.library(args, settings))
        clips = held.enter_context(FolderIndexing(writable, args.save, settings, _complain))
        reporters.append(lambda alert: clips.take() if alert.saved else None)
    return reporters


def _check(args: argparse.Namespace) -> None:
    """Raises UsageError for invalid options."""
    if not 0 < args.least <= 1:
        raise UsageError(f"--least is {args.least:g}; it must be above 0 and at most 1")
    if args.webhook and not args.webhook.startswith(("http://", "https://")):
        raise UsageError(f"--webhook is {args.webhook!r}; give a URL, like http://127.0.0.1:9000/alerts")
    if not 0 < args.keep <= 3600:
        raise UsageError(f"--keep is {args.keep:g}; it must be above 0 and at most an hour (3600)")
    if args.index and args.save is None:
        raise UsageError("--index indexes what --save saves; add --save FOLDER")
    if args.rate < 4000 or args.channels < 1:
        raise UsageError("--rate must be at least 4000, --channels at least 1")
    if not (args.events or args.text or args.audio or args.clip or args.exact or args.saved):
        raise QueryError("say what to watch for: --events, --text, --audio, --clip, --saved or --exact")


def _report(alert: Alert, *, as_json: bool) -> None:
    if as_json:
        from search.library.live.delivering import alert_as_json

        output.print_line(alert_as_json(alert))
        return
    seen = alert.seen
    passage = f"{output.clock(seen.start_s)}-{output.clock(seen.end_s)}"
    if alert.state == "gap":
        print(f"{passage:>15}  sound was lost", flush=True)
        return
    what = printable(seen.of) + (f" (clip {seen.clip_id})" if seen.clip_id is not None else "")
    saved = f"  -> {printable(alert.saved)}" if alert.saved else ""
    print(f"{passage:>15}  {alert.state:<5}  {seen.probability:4.0%}  {what}{saved}", flush=True)


def _complain(why: str) -> None:
    print(f"soundalike: {printable(why)}", file=sys.stderr, flush=True)
