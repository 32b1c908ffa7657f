"""How the service and its page hold up: load, waiting times, hostile files."""
