"""A library: one catalog, the snapshots of its spaces, and the views that searches read."""
