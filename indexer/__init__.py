"""The bulk job: from folders of files to clips of a library; ``soundalike index``."""
