"""The catalog: what a library knows, in one database. The entry point is `search.catalog.store.Catalog`."""
