"""Recommendation: from what someone liked to clips that they have not heard, and something for who liked nothing yet.

`tastes` makes a few vectors of many likes, `choosing` a varied page of many candidates, `starters` a sample of the
library for an empty history; `recommender` puts them together. docs/decisions/0006-rest-service.md says what was
measured.
"""
