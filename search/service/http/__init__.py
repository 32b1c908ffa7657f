"""Requests and answers: access, limits, validation, and how both are written."""
