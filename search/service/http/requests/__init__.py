"""Models of the requests: they validate requests and describe them in OpenAPI."""
