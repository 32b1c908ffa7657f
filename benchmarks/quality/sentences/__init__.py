"""How well questions in plain language are read: two hundred sentences with the Query that each means.

Run ``python -m benchmarks.quality.sentences`` for the hundred that rules may be tuned on, ``--held-out`` for the
hundred that are only looked at; a look is logged in docs/evaluation-log.md.
"""
