"""URL rules that compile their URL builder on first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from werkzeug.routing import Rule


class LateRule(Rule):
    """A rule that compiles its builder on the first call.

    Werkzeug compiles two functions for each rule when it is added. We build URLs of three rules only; to compile the
    builders of the others would take half of the time to create the application.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build
