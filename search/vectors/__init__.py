"""Nearest vectors: the numpy oracle (`exact`), and immutable snapshots with a delta in memory (`snapshot`).

`scoring` says what a score is, `bitmaps` what a filter is; both kinds of snapshot and the delta use them, so their
answers agree to the bit. `faiss` is the compressed kind, `files` the format on disk, `folding` how one is written.
"""
