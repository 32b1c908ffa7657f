"""Helpers that use only the C library and the system, and nothing else of Soundalike but `search.errors`."""
