"""Which recording a sound is: fingerprints, an index of their own, and what is found by them.

`landmarks` makes them of a sound, `table` keeps those of all contents and looks them up, `matching` finds the recording
and the place, `timeline` does so along a long sound, `stored` keeps the table as snapshots, `filling` brings it up to
the catalog.
"""
