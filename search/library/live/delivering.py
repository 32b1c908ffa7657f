"""Alerts as JSON, and posted to a webhook without blocking the analysis (`streaming` serves them to clients)."""

from __future__ import annotations

import json
from typing import Any

from search.ground import webhooks
from search.library.live.alerts import Alert


def alert_as_json(alert: Alert) -> dict[str, Any]:
    """Return an alert. Times are rounded to milliseconds, probabilities to four digits."""
    seen = alert.seen
    if alert.state == "gap":
        return {"state": "gap", "start_s": round(seen.start_s, 3), "end_s": round(seen.end_s, 3)}
    return {
        "state": alert.state,
        "kind": seen.kind,
        "of": seen.of,
        "clip_id": seen.clip_id,
        "search_id": seen.search_id,
        "probability": round(seen.probability, 4),
        "start_s": round(seen.start_s, 3),
        "end_s": round(seen.end_s, 3),
        "latency_s": round(alert.latency_s, 3),
        "saved": alert.saved,
    }


class AlertWebhook(webhooks.Webhook):
    """Posts alerts as JSON to an address (see `search.ground.webhooks.Webhook`)."""

    def report(self, alert: Alert) -> None:
        """Post an alert, in the background."""
        self.post(json.dumps(alert_as_json(alert), ensure_ascii=False).encode())
