"""Recognising recordings by fingerprints, which have an index of their own.

`landmarks` and `outlines` make fingerprints of a sound. `table` holds those of all contents and looks them up,
`matching` finds the recording and the place, and `timeline` does so along a long sound. `stored` keeps the table as
snapshots, and `filling` makes missing fingerprints.
"""
