"""Spoken words as JSON with the fields of docs/reference/fields.md, for the command line and REST.

Times are rounded to milliseconds, probabilities to four digits, scores to six.
"""

from __future__ import annotations

from typing import Any

from search.model.as_json import Paths, named_as_json, passage_as_json
from search.model.contents import Clip
from search.model.speech import Sayings, SpokenLine, Transcript


def transcript_as_json(clip: Clip, transcript: Transcript, paths: Paths, *, stored: bool) -> dict[str, Any]:
    """Return a clip's transcript."""
    return {
        **named_as_json(clip, paths),
        "duration_s": round(clip.duration_s, 3),
        "stored": stored,
        "recogniser": transcript.recogniser,
        "language": transcript.language,
        "language_probability": round(transcript.language_probability, 4),
        "voiced": [{"start_s": round(start_s, 3), "end_s": round(end_s, 3)} for start_s, end_s in transcript.voiced],
        "lines": [_line_as_json(line) for line in transcript.lines],
    }


def sayings_as_json(sayings: Sayings, paths: Paths) -> dict[str, Any]:
    """Return passages in which the queried words are spoken, best first."""
    return {
        "sayings": [
            passage_as_json(one, paths) | {"language": one.language, "line": _line_as_json(one.line)}
            for one in sayings.sayings
        ],
        "took_ms": round(sayings.took_ms, 3),
        "transcribed": sayings.transcribed,
        "contents": sayings.contents,
        "next_offset": sayings.next_offset,
    }


def _line_as_json(line: SpokenLine) -> dict[str, Any]:
    return {
        "text": line.text,
        "start_s": round(line.start_s, 3),
        "end_s": round(line.end_s, 3),
        "words": [
            {
                "text": word.text,
                "start_s": round(word.start_s, 3),
                "end_s": round(word.end_s, 3),
                "probability": round(word.probability, 4),
            }
            for word in line.words
        ],
    }
