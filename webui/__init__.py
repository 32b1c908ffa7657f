"""The search page: a client of the REST API, built from ``src/`` by Vite into ``dist/``, which the package carries."""
