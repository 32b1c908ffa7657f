"""What is left after kills and other accidents, and with other processes; whether the tests pass in any order under
load.
"""
