"""Making sounds: tunes that go on, simple sounds from words, and words that are spoken. Small rooms on purpose.

`tunes` writes melodies by a Markov model, `playing` plays them, `simple` makes beeps, bells and the like from words,
by `recipes`, `speaking` reads aloud, `marking` writes files that say that they were made. Nothing of it gets into a
library by itself.
"""
