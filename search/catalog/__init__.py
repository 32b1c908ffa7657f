"""The catalog: what a library knows, in one database. `search.catalog.store.Catalog` is the way in."""
