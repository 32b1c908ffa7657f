"""To whom alerts are told: lines of JSON, and a webhook, which never holds up the listening."""

from __future__ import annotations

import json
import queue
import threading
import urllib.request
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from search.live.alerts import Alert

MOST_WAITING: Final = 1_000
WAIT_S: Final = 10.0
TRIES: Final = 3


def alert_as_json(alert: Alert) -> dict[str, Any]:
    """An alert. Times have milliseconds, probabilities four digits."""
    seen = alert.seen
    if alert.state == "gap":
        return {"state": "gap", "start_s": round(seen.start_s, 3), "end_s": round(seen.end_s, 3)}
    return {
        "state": alert.state,
        "kind": seen.kind,
        "of": seen.of,
        "clip_id": seen.clip_id,
        "probability": round(seen.probability, 4),
        "start_s": round(seen.start_s, 3),
        "end_s": round(seen.end_s, 3),
        "latency_s": round(alert.latency_s, 3),
        "saved": alert.saved,
    }


class Webhook:
    """Posts alerts as JSON to an address, in order, from a thread of its own. A context manager: waits for the last.

    What waits behind `MOST_WAITING` others is dropped; ``failed`` is told of that, and of what was refused.
    """

    def __init__(self, url: str, failed: Callable[[str], None]) -> None:
        self._url, self._failed = url, failed
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._post_all, name="webhook", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._thread.join(TRIES * WAIT_S)

    def report(self, alert: Alert) -> None:
        """Post an alert, soon."""
        try:
            self._waiting.put_nowait(json.dumps(alert_as_json(alert), ensure_ascii=False).encode())
        except queue.Full:
            self._failed(f"{self._url}: answers too slowly; an alert was dropped")

    def _post_all(self) -> None:
        while (body := self._waiting.get()) is not None:
            self._post(body)

    def _post(self, body: bytes) -> None:
        request = urllib.request.Request(  # noqa: S310  who starts the command names the address
            self._url, body, {"Content-Type": "application/json"}, method="POST"
        )
        why = ""
        for _ in range(TRIES):
            try:
                with urllib.request.urlopen(request, timeout=WAIT_S):  # noqa: S310  as above
                    return
            except (OSError, ValueError) as error:  # what urllib raises where nobody answers, or with an error
                why = str(error)
        self._failed(f"{self._url}: an alert could not be told ({why})")
