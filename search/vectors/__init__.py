"""Nearest-neighbour search. A library uses `snapshot`; `exact` is the exact reference, and the delta in memory.

`scoring` defines scores and `bitmaps` defines filters for every kind of index, so that their answers agree to the bit.
A snapshot is a `base`: scanned completely while small, compressed when large. `faiss` is the compressed kind, with its
`lists`, its `building`, `native` for the delicate parts of FAISS, and `gpu` for a copy on a GPU. `files` is the format
on disk, `folding` writes the next snapshot, and `verifying` finds damage.
"""
