"""An MCP server, by which assistants use the library. Needs the extra ``mcp``."""
