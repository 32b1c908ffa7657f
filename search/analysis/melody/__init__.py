"""Finding a tune by humming: tunes and hums become contours, which are found by their windows and aligned exactly.

================  =============================================================================
``midi``          a MIDI file -> its tunes
``recording``     a recording -> the contour of its tune, if it has one
``pitch``         sound -> pitch curve
``hearing``       pitch curve -> notes, and whether it is a tune at all
``notation``      typed notes and ABC -> notes; ``rendering`` makes them sound
``contours``      notes or pitch curve -> contour, free of key and tempo, and its windows
``contourtable``  the contours of all tunes as one table; ``contourfiles`` keeps it on disk
``matching``      a hum's contour -> places in tunes; ``alignment`` is its exact last step
``beginnings``    windows compared only as far as a short hum reaches
``octaves``       where a voice jumps by an octave
``confidence``    the probability of a match
``index``         all of this behind one class
================  =============================================================================
"""
