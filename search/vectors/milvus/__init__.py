"""An index in Milvus, for libraries too large for one machine, and for sites that already run a Milvus server."""
