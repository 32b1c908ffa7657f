"""What all benchmarks share: the machine's description, audio to index, reports and output files."""
