"""Full-text search of names and metadata, one implementation per kind of database, behind one port."""
