"""Uploads, and the process that does the jobs of a service."""
