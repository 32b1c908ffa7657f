"""What is left after kills, and beside other processes."""
