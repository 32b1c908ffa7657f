"""Uploads and the process that works off the jobs of a service."""
