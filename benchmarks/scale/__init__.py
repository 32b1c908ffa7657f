"""How large a library may grow, and on which machines."""
