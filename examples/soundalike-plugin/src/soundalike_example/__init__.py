"""An example plug-in: a package that adds an encoder, a kind of index and a command to Soundalike."""
