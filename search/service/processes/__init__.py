"""The processes behind ``soundalike serve``."""
