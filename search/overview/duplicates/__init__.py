"""Duplicates: equal files, and the same recording re-encoded, trimmed or at another level.

`candidates` asks the index which contents may be of one recording, `aligning` and `verifying` listen, `stored` keeps
the pairs found beside the snapshots, `grouping` and `keeping` make groups of them and say which copy is worth keeping,
`finding` is the job.
"""
