"""An index in Milvus, for libraries too large for the files of one machine, and for who runs a server already."""
