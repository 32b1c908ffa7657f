"""Requests and answers: what is allowed, how it is read, checked, limited and written."""
