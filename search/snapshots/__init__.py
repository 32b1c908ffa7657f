"""Files that survive a crash: derived from the catalog, written atomically, checked when they are read.

`folders` keeps immutable snapshots, one folder for each catalog sequence; `snapshot` defines what one snapshot holds;
`single` replaces one file. The contents are up to the users of this package: vectors, columns, contours,
neighbourhoods, duplicates and the map each define only a format.
"""
