"""Watching live streams: sound is analysed as it comes, and alerts report what was watched for.

`sources` opens microphones, files, addresses and raw samples. `windows` cuts their sound into windows and keeps the
last minutes. `watching` computes the probability of each watched thing, and `alerts` turns that into alerts.
`delivering` and `streaming` deliver alerts.
"""
