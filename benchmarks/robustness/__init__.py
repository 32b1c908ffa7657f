"""What is left after kills, and beside other processes; whether the tests pass in any order on a busy machine."""
