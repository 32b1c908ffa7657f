"""What talks to the C library and the system, and to nothing of ours."""
