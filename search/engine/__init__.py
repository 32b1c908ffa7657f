"""The engine: a query goes in, hits come out. `search.engine.search` is where to begin."""
