"""Writing a transcript for other programs: subtitles, text, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from search.model import Clip, SpokenLine, SpokenWord, Transcript
from search.model.speech_as_json import transcript_as_json

LONGEST_CHARACTERS: Final = 84
"""The most characters of a subtitle: two rows of 42."""
LONGEST_S: Final = 7.0


def srt(transcript: Transcript, _clip: Clip) -> str:
    """Subtitles in SubRip format (.srt)."""
    return "\n".join(
        f"{number}\n{_clock(one.start_s, ',')} --> {_clock(one.end_s, ',')}\n{_plain(one.text)}\n"
        for number, one in enumerate(shown(transcript.lines), start=1)
    )


def vtt(transcript: Transcript, _clip: Clip) -> str:
    """Subtitles in WebVTT format."""
    cues = (
        f"{_clock(one.start_s, '.')} --> {_clock(one.end_s, '.')}\n{_escaped(_plain(one.text))}\n"
        for one in shown(transcript.lines)
    )
    return "\n".join(("WEBVTT\n", *cues))


def text(transcript: Transcript, _clip: Clip) -> str:
    """Plain text, one line for each spoken line."""
    return "".join(f"{_plain(line.text)}\n" for line in transcript.lines)


def as_json(transcript: Transcript, clip: Clip) -> str:
    """Lines and words with their times, as JSON."""
    return (
        json.dumps(transcript_as_json(clip, transcript, "relative", stored=True), ensure_ascii=False, indent=2) + "\n"
    )


FORMS: Final[Mapping[str, Callable[[Transcript, Clip], str]]] = {"srt": srt, "vtt": vtt, "txt": text, "json": as_json}
"""The functions that write a transcript, by format name."""


def shown(lines: Sequence[SpokenLine]) -> list[SpokenLine]:
    """Lines as subtitles: long ones are split between words."""
    parts: list[SpokenLine] = []
    for line in lines:
        words: list[SpokenWord] = []
        for word in line.words:
            grown = len(" ".join((*(one.text for one in words), word.text)))
            if words and (grown > LONGEST_CHARACTERS or word.end_s - words[0].start_s > LONGEST_S):
                parts.append(SpokenLine(tuple(words)))
                words = []
            words.append(word)
        parts.append(SpokenLine(tuple(words)))
    return parts


def _plain(line: str) -> str:
    return " ".join(line.split())


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    ms = round(1000 * seconds)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
