"""Options for the parts of a query, each of which may be followed by ``--weight``."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from search.audio import check_speed
from search.errors import UsageError
from search.model import Aspects, AudioPart, Change, ClipPart, Part, SegmentPart


class PartAction(argparse.Action, ABC):
    """An option that changes the parts so far."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 - the signature is argparse's
        option_string: str | None = None,
    ) -> None:
        """Apply the option's value."""
        self.take(namespace, values, option_string or self.dest)

    @abstractmethod
    def take(self, namespace: argparse.Namespace, value: Any, option: str) -> None:  # noqa: ANN401 - of any type
        """Change the parts in ``namespace`` by the ``value`` of ``option``."""


class AddPart(PartAction):
    """Appends the part that ``make`` makes from a value, so that the order of different options is kept."""

    def __init__(self, *args: Any, make: Callable[[Any], Part], **kwargs: Any) -> None:  # noqa: ANN401 - argparse's
        super().__init__(*args, **kwargs)
        self._make = make

    def take(self, namespace: argparse.Namespace, value: Any, option: str) -> None:  # noqa: ANN401 - what `make` takes
        """Append the part, and remember it for ``--weight``."""
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or ()), self._make(value)])
        namespace.last_parts = self.dest


class WeighPart(PartAction):
    """Sets the weight of the part before it; an unwanted part stays unwanted. Raises UsageError if there is no part."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:  # noqa: ANN401 - argparse's
        super().__init__(*args, **kwargs)
        self._example = example

    def take(self, namespace: argparse.Namespace, value: float, option: str) -> None:
        """Replace the last part by one with this weight."""
        parts = getattr(namespace, "last_parts", None)
        if parts is None:
            raise UsageError(f"{option} must follow the part that it weighs, like: {self._example}")
        *before, last = getattr(namespace, parts)
        setattr(namespace, parts, [*before, replace(last, weight=value * last.weight)])


class AspectsPart(PartAction):
    """Sets the aspects of the sound before it. Raises UsageError if there is no sound."""

    def take(self, namespace: argparse.Namespace, value: str, option: str) -> None:
        """Replace the last part by one with these aspects."""
        before, last = _sound_before(namespace, option)
        namespace.parts = [*before, replace(last, aspects=Aspects.parse(value))]


class ChangedPart(PartAction):
    """Adds a change to the sound before it, by the name of the option."""

    def take(self, namespace: argparse.Namespace, value: object, option: str) -> None:
        """Replace the last part by one with this change."""
        before, last = _sound_before(namespace, option)
        change = cast(Change, option.removeprefix("--"))
        namespace.parts = [*before, replace(last, changes=(*last.changes, change))]


def _sound_before(namespace: argparse.Namespace, option: str) -> tuple[list[Part], AudioPart | ClipPart | SegmentPart]:
    *before, last = getattr(namespace, "parts", None) or [None]
    if not isinstance(last, AudioPart | ClipPart | SegmentPart):
        value = " timbre=1" if option == "--aspects" else ""
        raise UsageError(f"{option} must follow the sound that it refers to, like: --clip 17 {option}{value}")
    return before, last


class SlowPart(PartAction):
    """Sets the playback speed of the file before it. Raises UsageError if there is no file."""

    def take(self, namespace: argparse.Namespace, value: float, option: str) -> None:
        """Replace the last part by one with this speed."""
        *before, last = getattr(namespace, "parts", None) or [None]
        if not isinstance(last, AudioPart):
            raise UsageError(f"{option} must follow the file that it applies to, like: --audio bat.wav --speed 0.1")
        check_speed(value)
        namespace.parts = [*before, replace(last, speed=value)]


def unwanted(make: Callable[[Any], Part]) -> Callable[[Any], Part]:
    """A function that makes the same part, but unwanted."""
    return lambda value: replace(make(value), weight=-1.0)
