"""``soundalike listen``: what is live, told as it comes."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from search.commands import options, output
from search.errors import QueryError, UsageError, printable
from search.live.alerts import Alert
from search.live.listening import KEEP_S, Plan, listen
from search.live.sources import Source, Stream
from search.live.telling import Webhook, alert_as_json
from search.model import ClipPart
from search.settings import Settings

LEAST: Final = 0.5
INTERRUPTED: Final = 130


class Listen:
    """Listen to a stream."""

    name = "listen"
    help = "listen to a microphone, a file, a stream or samples on standard input, and tell what is heard as it comes"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "source",
            metavar="SOURCE",
            help="mic, mic:NAME, a file, an address (http, rtsp, ...), or - for 16-bit samples on standard input",
        )
        what = parser.add_argument_group("what to watch for (any number of these)")
        what.add_argument("--events", metavar="NAMES", help='classes, like: --events "Dog,Siren,Glass"')
        what.add_argument("--text", action="append", default=[], metavar="WORDS", help="what words mean")
        what.add_argument("--audio", action="append", default=[], metavar="FILE[#start-end]", help="sounds like this")
        what.add_argument("--clip", action="append", default=[], type=int, metavar="ID", help="sounds like this clip")
        what.add_argument("--exact", action="store_true", help="the library's own recordings (that have fingerprints)")
        parser.add_argument(
            "--least", type=float, default=LEAST, metavar="P", help=f"tell what is at least so likely ({LEAST:g})"
        )
        parser.add_argument("--webhook", metavar="URL", help="post each alert there as JSON, too")
        parser.add_argument(
            "--save", type=Path, metavar="FOLDER", help="save each match as a WAV file, when it is over"
        )
        keep = f"keep so many seconds to save from ({KEEP_S:g})"
        parser.add_argument("--keep", type=float, default=KEEP_S, metavar="S", help=keep)
        parser.add_argument(
            "--rate", type=int, default=48_000, metavar="HZ", help="of samples on standard input (48000)"
        )
        parser.add_argument("--channels", type=int, default=1, metavar="N", help="of these (1)")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Tell what is heard until the stream ends, or somebody interrupts it."""
        from search.library.listening import Wanted

        _check(args)
        wanted = Wanted(
            tuple(name.strip() for name in (args.events or "").split(",") if name.strip()),
            tuple(args.text),
            (*map(options.passage, args.audio), *map(ClipPart, args.clip)),
            args.exact,
        )
        with ExitStack() as held:
            library = held.enter_context(options.library(args, settings, read_only=True))
            with output.busy("loading"):
                ears = library.ears(wanted)
            plan = Plan(ears.window_s, args.least, keep_s=args.keep, save=args.save)
            hook = held.enter_context(Webhook(args.webhook, _complain)) if args.webhook else None
            source = Source(args.source, args.rate, args.channels)
            stream = held.enter_context(Stream(source, ears.rate_hz))
            try:
                for alert in listen(stream, ears.rate_hz, ears.watches, plan):
                    _report(alert, as_json=args.json)
                    if hook is not None:
                        hook.report(alert)
            except KeyboardInterrupt:
                return INTERRUPTED
        return 0


def _check(args: argparse.Namespace) -> None:
    """Raises UsageError for what makes no sense."""
    if not 0 < args.least <= 1:
        raise UsageError(f"--least is {args.least:g}; it must be above 0, and 1 at most")
    if args.webhook and not args.webhook.startswith(("http://", "https://")):
        raise UsageError(f"--webhook is {args.webhook!r}; give an address, like http://127.0.0.1:9000/alerts")
    if not 0 < args.keep <= 3600:
        raise UsageError(f"--keep is {args.keep:g}; it must be above 0, and an hour at most")
    if args.rate < 4000 or args.channels < 1:
        raise UsageError("--rate is 4000 at least, --channels 1")
    if not (args.events or args.text or args.audio or args.clip or args.exact):
        raise QueryError("say what to watch for: --events, --text, --audio, --clip or --exact")


def _report(alert: Alert, *, as_json: bool) -> None:
    if as_json:
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
