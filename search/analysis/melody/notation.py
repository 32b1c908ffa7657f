"""Parsing typed tunes: note names ("C4 D4 E4:2 r G4") and ABC notation.

The supported subset of ABC (abcnotation.com, standard v2.1) covers a line of melody: header fields K, L, M and Q, notes
with accidentals, octaves and lengths, rests, broken rhythm, tuplets, ties, bars. Repeats are played once. Chords give
their highest note; grace notes, decorations and words are skipped.
"""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

from search.analysis.melody.model import Notes
from search.errors import QueryError

BEAT_S = 0.4
"""The length of a typed note without a length. Typed notes have no tempo, so the search tries several."""

_LONGEST_S = 24 * 3600.0
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "H": 11}
_NAME = re.compile(r"([A-Ha-hRr])([#♯b♭]*)(-?\d+)?(?:[:*](\d+(?:\.\d+)?|\d+/\d+))?$")
_KEY = re.compile(r"([A-G])([#b]?)\s*(m(?!aj|ix)|min|aeo|dor|phr|lyd|mix|loc|maj|ion)?", re.IGNORECASE)
_MODES = {
    "": 0,
    "maj": 0,
    "ion": 0,
    "m": -3,
    "min": -3,
    "aeo": -3,
    "dor": -2,
    "phr": -4,
    "lyd": 1,
    "mix": -1,
    "loc": -5,
}
_FIFTHS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}
_SHARPS = "FCGDAEB"
_TOKEN = re.compile(
    r"(?P<skip>\"[^\"]*\"|\{[^}]*\}|![^!]*!|\+[^+]*\+|%[^\n]*|\[[A-Za-z]:[^\]]*\])"
    r"|(?P<chord>\[[^\]|:\d][^\]]*\])(?P<chordlen>\d*(?:/+\d*)?)"
    r"|(?P<tuplet>\((?P<p>\d)(?::(?P<q>\d)?)?(?::(?P<r>\d)?)?)"
    r"|(?P<acc>\^\^|\^|__|_|=)?(?P<note>[A-Ga-gxzZ])(?P<oct>[,']*)(?P<len>\d*(?:/+\d*)?)"
    r"|(?P<broken>[<>]+)|(?P<tie>-)|(?P<bar>[|:]+)"
)
_TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


def parse_notes(text: str) -> Notes:
    """Parse note names, or ABC if the text has a ``K:`` field. Raises QueryError, which names the word that is no note.

    A name is a letter (H is B), sharps or flats, an octave (by default that of the last note, or 4), and optionally
    ``:`` and a length in beats; ``r`` is a rest.
    """
    try:
        return _parsed(text)
    except (ArithmeticError, ValueError) as error:  # an infinite length, or thousands of digits
        raise QueryError("a length or a tempo of these notes is not a number that can be played") from error


def _parsed(text: str) -> Notes:
    """See `parse_notes`."""
    if re.search(r"(^|\n)\s*K:", text):
        return parse_abc(text)
    words = text.replace(",", " ").split()
    rows: list[tuple[float, float, float]] = []
    now, octave = 0.0, 4
    for word in words:
        found = _NAME.match(word)
        if found is None:
            raise QueryError(
                f"{word!r} is not a note: write C4, F#4, Bb3, C4:2 for two beats, r for a rest, or ABC with a K: line"
            )
        letter, accidentals, number, beats = found.groups()
        length_s = BEAT_S * float(Fraction(beats)) if beats else BEAT_S
        if letter in "Rr":
            now += length_s
            continue
        octave = int(number) if number is not None else octave
        pitch = 12 * (octave + 1) + _STEPS[letter.upper()] + sum(1 if a in "#♯" else -1 for a in accidentals)
        rows.append((now, now + length_s, pitch))
        now += length_s
    return _notes(rows)


def parse_abc(text: str) -> Notes:
    """The first tune of an ABC text. Raises QueryError if it has no notes."""
    fields, body = _split(text)
    unit = _unit(fields)
    beat = _fraction(fields.get("Q", "").split("=")[0]) if "=" in fields.get("Q", "") else Fraction(1, 4)
    tempo = re.search(r"(\d+)\s*$", fields.get("Q", ""))
    whole_s = 60.0 / max(1, int(tempo.group(1)) if tempo else 120) / float(beat or Fraction(1, 4))
    return _notes(_Reader(_signature(fields.get("K", "C")), float(unit) * whole_s).read(body))


class _Reader:
    """Reads the body of an ABC tune, with the state of the bar, the tuplet and the next note."""

    def __init__(self, signature: dict[str, int], unit_s: float) -> None:
        self._signature = signature
        self._unit_s = unit_s
        self._bar: dict[str, int] = {}
        self._rows: list[tuple[float, float, float]] = []
        self._now = 0.0
        self._tuplet, self._tuplet_left = 1.0, 0
        self._next = 1.0  # the factor that broken rhythm sets for the next note
        self._tied = False

    def read(self, body: str) -> list[tuple[float, float, float]]:
        for token in _TOKEN.finditer(body):
            if token["tuplet"]:
                count = int(token["p"])
                self._tuplet = int(token["q"] or _TUPLET_TIME.get(count, 2)) / count
                self._tuplet_left = int(token["r"] or count)
            elif token["broken"]:
                self._break(token["broken"])
            elif token["tie"]:
                self._tied = True
            elif token["bar"]:
                self._bar = {}
            elif token["chord"]:
                self._chord(token["chord"], token["chordlen"])
            elif token["note"]:
                self._sound(self._pitch(token), _length(token["len"]))
        return self._rows

    def _pitch(self, token: re.Match[str]) -> float | None:
        """The MIDI pitch of a note; None for a rest. An accidental holds until the end of the bar."""
        letter = token["note"]
        if letter in "xzZ":
            return None
        name = letter.upper()
        if token["acc"]:
            self._bar[name + token["oct"] + letter] = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}[token["acc"]]
        shift = self._bar.get(name + token["oct"] + letter, self._signature.get(name, 0))
        octave = 5 if letter.islower() else 4
        octave += token["oct"].count("'") - token["oct"].count(",")
        return float(12 * (octave + 1) + _STEPS[name] + shift)

    def _chord(self, chord: str, length: str) -> None:
        notes = [token for token in _TOKEN.finditer(chord[1:-1]) if token["note"]]
        pitches = [pitch for pitch in map(self._pitch, notes) if pitch is not None]
        inner = _length(notes[0]["len"]) if notes else 1.0
        self._sound(max(pitches, default=None), inner * _length(length))

    def _sound(self, pitch: float | None, units: float) -> None:
        units *= self._next
        self._next = 1.0
        if self._tuplet_left:
            units *= self._tuplet
            self._tuplet_left -= 1
        end = self._now + units * self._unit_s
        if pitch is not None:
            if self._tied and self._rows and self._rows[-1][2] == pitch:
                self._rows[-1] = (self._rows[-1][0], end, pitch)
            else:
                self._rows.append((self._now, end, pitch))
        self._tied = False
        self._now = end

    def _break(self, marks: str) -> None:
        """``a>b``: the note before gets longer, the next one shorter (``<`` the other way round)."""
        short = 0.5 ** len(marks)
        before, after = (2 - short, short) if marks[0] == ">" else (short, 2 - short)
        if self._rows:
            start, end, pitch = self._rows[-1]
            changed = (end - start) * before
            self._rows[-1] = (start, start + changed, pitch)
            self._now = start + changed
        self._next = after


def _split(text: str) -> tuple[dict[str, str], str]:
    """Header fields and body of the first tune."""
    fields: dict[str, str] = {}
    body = []
    for line in text.splitlines():
        field = re.match(r"\s*([A-Za-z]):\s*(.*)", line)
        if field and "K" in fields and field[1] == "X":
            break
        if field:
            fields.setdefault(field[1], field[2].split("%")[0].strip())
        elif "K" in fields:
            body.append(line)
    return fields, "\n".join(body)


def _unit(fields: dict[str, str]) -> Fraction:
    """The unit note length: from L:, or derived from the metre (standard, 4.7)."""
    given = _fraction(fields.get("L", ""))
    if given:
        return given
    metre = _fraction(fields.get("M", "").replace("C|", "2/2").replace("C", "4/4"))
    return Fraction(1, 16) if metre and metre < Fraction(3, 4) else Fraction(1, 8)


def _fraction(text: str) -> Fraction | None:
    found = re.search(r"(\d+)/(\d+)", text)
    return Fraction(int(found[1]), int(found[2])) if found and int(found[2]) else None


def _length(text: str) -> float:
    """``3/2``, ``/``, ``//`` and so on as a factor."""
    if not text:
        return 1.0
    top, slash, bottom = text.partition("/")
    factor = float(int(top or 1))
    if not slash:
        return factor
    digits = bottom.strip("/")
    return factor / int(digits) if digits and int(digits) else factor / 2 ** (1 + bottom.count("/"))


def _signature(key: str) -> dict[str, int]:
    """The letters that a key sharpens (1) or flattens (-1)."""
    found = _KEY.match(key.strip())
    if found is None:
        return {}
    mode = (found[3] or "").lower()[:3]
    fifths = _FIFTHS[found[1].upper()] + {"#": 7, "b": -7, "": 0}[found[2]] + _MODES.get(mode, 0)
    letters = _SHARPS[: max(0, min(7, fifths))] if fifths > 0 else _SHARPS[::-1][: min(7, -fifths)]
    return dict.fromkeys(letters, 1 if fifths > 0 else -1)


def _notes(rows: list[tuple[float, float, float]]) -> Notes:
    if not rows:
        raise QueryError('no notes were given: write them as "C4 D4 E4", or as ABC with a K: line')
    start, end, pitch = np.array(rows, np.float64).T
    if not end.max() <= _LONGEST_S:
        raise QueryError(f"these notes last longer than {_LONGEST_S / 3600:.0f} hours")
    if pitch.min() < 0 or pitch.max() > 127:
        raise QueryError("a note is out of the range of hearing: octaves go from -1 to 9")
    return Notes(start, end, pitch.astype(np.float32))
