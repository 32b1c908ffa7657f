"""How the shipped encoder was made, and ``soundalike train``: an encoder that learns a person's own labels."""
