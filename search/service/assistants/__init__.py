"""The library for assistants: an MCP server over its tools. Needs the extra ``mcp``."""
