"""What happens when inside a recording: events, and passages that fit what is asked.

`frames` keeps what an encoder says of each moment, `events` joins it to events, `table` holds those of all contents of
a space, `stored` keeps them as snapshots, `filling` finds those of a file, `labels` writes times as other programs read
them.
"""
