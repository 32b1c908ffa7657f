"""The search page: a client of the REST API. Vite builds it from ``src/`` into ``dist/``, a part of the package."""
