"""How well questions in plain language are understood: two hundred sentences, each with the Query that it means.

Run ``python -m benchmarks.quality.sentences`` for the hundred that rules may be tuned on, or with ``--held-out`` for
the hundred that rules are never tuned on. Log every run on these in docs/evaluation-log.md.
"""
