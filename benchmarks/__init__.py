"""Measure how good and how fast Soundalike is.

``soundalike bench`` has the subcommands ``quality``, ``speed`` and ``humming`` (`commands`).

===========  =====================================================================================================
quality      `datasets` and `published` load queries and expected answers, `encoding` and `ranking` get the engine's
             answers, `measure` computes the metrics, `report` writes tables and a plot, `peers` has YAMNet
speed        `command` is the subcommand; `indexing`, `library` and the others measure one thing each
index        vector indexes: `engines`, `measure` and `report`
common       options, files and Markdown (`outputs`, `report`); the machine (`machine`); audio to index (`material`)
===========  =====================================================================================================

The other modules are commands of their own: run them with ``python -m``. The first lines of each describe its use.
"""
