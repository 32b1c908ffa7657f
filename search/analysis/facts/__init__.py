"""What a sound is: its level, spectrum, pitch, tempo and shape, and what is amiss with it.

`definitions` names the facts, `measuring` finds them in a sound that is decoded once, in bounded memory, by way of
`levels` (of samples), `spectrum`, `weighting` (for `loudness`) and `envelope` of its channels, and `pitch`, `hum` and
`music` (tempo and key) of their `mix`; `loops` tells loops and one-shots, `defects` what is amiss, and `filling` brings
a catalog up to date. A fact that means nothing for a sound is absent.
"""
