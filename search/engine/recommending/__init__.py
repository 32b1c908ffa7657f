"""Recommendation: new clips by someone's likes, and a sample of the library for those who liked nothing yet.

`tastes` turns many likes into a few vectors, `choosing` picks a varied page from many candidates, `starters` samples
the library for an empty history, and `recommender` combines them. docs/decisions/0006-rest-service.md has the
measurements.
"""
