"""Duplicates: equal files, and the same recording re-encoded, trimmed or at another level.

`candidates` searches the index for contents that may be the same recording, `aligning` and `verifying` compare their
samples, `stored` keeps the pairs beside the snapshots, `grouping` and `keeping` make groups and choose the copy worth
keeping, `finding` is the job.
"""
