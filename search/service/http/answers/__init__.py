"""What comes back. Read from the engine's frozen values, written as JSON by pydantic, described by OpenAPI."""
