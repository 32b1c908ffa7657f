"""How good and how fast Soundalike is. Each benchmark is a subcommand of ``soundalike bench``.

===========  =====================================================================================================
quality      `datasets` and `published` (what is asked), `encoding` and `ranking` (answers, by the engine), `quality`
             (figures), `quality_report` (tables and plot), `peers` (YAMNet as an encoder)
speed        `speed` (the command); `indexing_speed`, `material`, `stage_costs`, `librosa_loop`, `indexing_report`;
             `search_speed` and the other ``search_`` modules
shared       `commands`, `outputs` and `report` (options, files, Markdown), `machine` (what it was measured on)
===========  =====================================================================================================

Other modules are commands of their own, run with ``python -m``; each says how in its first lines.
"""
