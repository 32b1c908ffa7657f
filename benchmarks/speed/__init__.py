"""How fast sounds are indexed and questions answered, and in how much memory."""
