"""Models of the answers: built from the engine's frozen values, written as JSON, described in OpenAPI."""
