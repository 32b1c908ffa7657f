"""Nearest vectors. `snapshot` is what a library uses; `exact` is the oracle, and the snapshot's delta in memory.

`scoring` says what a score is and `bitmaps` what a filter is, for every kind alike, so that their answers agree to
the bit. A snapshot is a `base`: scanned whole while small, compressed when large (`faiss`, its `lists`, its `building`,
`native` for what FAISS wants handled with care, `gpu` for a copy there). `files` is the format on disk, `folding` how
the next snapshot is put together, `verifying` how damage is found.
"""
