"""What is said in recordings: found by voice, recognised, kept with its times, and searched.

`voice` finds the stretches in which somebody speaks, `whisper` recognises the words, `transcribing` does one after the
other to a file, `table` holds the words of all contents, `finding` answers what is asked of it, `stored` keeps it as
snapshots, `writing` prints a transcript as other programs read it.
"""
