"""Making sounds: continuations of tunes, simple sounds from words, and speech. The features are small on purpose.

`tunes` writes melodies with a Markov model, and `playing` renders them. `simple` makes beeps, bells and similar sounds
from words, by `recipes`. `speaking` reads text aloud. `marking` writes files with a comment that they were generated.
None of these sounds gets into a library by itself.
"""
