"""What happens when inside a recording: events, and passages that match a query.

`frames` holds an encoder's tags of each moment, and `events` joins them to events. `table` holds the events of all
contents of a space, `stored` keeps them as snapshots, and `filling` finds those of a file. `labels` formats times for
other programs.
"""
