"""The map: a 2-D layout of a library's clips, in which those that sound alike lie close.

`layout` lays clips out by UMAP (the extra ``map``), `placing` puts clips that came later among their neighbours,
`stored` keeps both on disk, `drawing` is the job.
"""
