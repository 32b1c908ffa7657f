"""Listening to what is live: a stream is heard as it comes, and what is watched for is told.

`sources` opens microphones, files, addresses and bare samples, `hearing` turns their sound into windows and keeps the
last minutes, `watching` says how likely each thing is that is watched for, `alerts` when that is told, `telling` and
`streaming` to whom.
"""
