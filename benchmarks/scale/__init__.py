"""How large a library may grow, on which machines."""
