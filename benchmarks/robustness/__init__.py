"""What is left after kills and other accidents; whether the tests pass in any order under load."""
