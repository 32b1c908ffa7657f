"""Full text of names and metadata, as each kind of database keeps it, behind one port."""
