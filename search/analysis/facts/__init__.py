"""Facts of a sound: its level, spectrum, pitch, tempo and shape, and its defects.

`definitions` lists the facts. `measuring` computes them in one pass over the decoded sound, in bounded memory. It uses
`levels` (of samples), `spectrum`, `weighting` (for `loudness`) and `envelope` for the channels, and `pitch`, `hum` and
`music` (tempo and key) for their `mix`. `loops` recognizes loops and one-shots, `defects` finds defects, and `filling`
brings a catalog up to date. A fact that has no meaning for a sound is absent.
"""
