"""Speech in recordings: detected, recognised, stored with its times, and searched.

`voice` finds the stretches in which somebody speaks, `whisper` recognises the words, and `transcribing` does both for a
file. `table` holds the words of all contents, `finding` searches it, and `stored` keeps it as snapshots. `writing`
formats a transcript for other programs.
"""
