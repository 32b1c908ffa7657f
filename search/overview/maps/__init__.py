"""The map: a 2-D layout of a library's clips, with clips that sound alike close together.

`layout` lays out clips by UMAP (the extra ``map``), `placing` adds later clips among their neighbours, `stored` keeps
both on disk, `drawing` is the job.
"""
