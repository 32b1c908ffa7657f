"""The 527 classes of AudioSet, in the order of its published class indices.

The names are those of the AudioSet ontology (Google, https://research.google.com/audioset/ontology), CC BY 4.0.
"""

from __future__ import annotations

import json
from importlib import resources


def class_names() -> tuple[str, ...]:
    """The display names, by index."""
    text = resources.files(__package__).joinpath("data", "audioset_classes.json").read_text("utf-8")
    return tuple(json.loads(text))
