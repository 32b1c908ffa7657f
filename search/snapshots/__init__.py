"""Files that survive a crash: derived from the catalog, written whole or not at all, checked when they are read.

`folders` keeps immutable snapshots, one folder for each catalog sequence, and `snapshot` is what one holds; `single`
replaces one file. What is in them
is the business of their users: vectors, columns, contours, neighbourhoods, duplicates and the map keep only a format.
"""
