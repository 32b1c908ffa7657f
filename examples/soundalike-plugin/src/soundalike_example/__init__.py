"""An encoder, a kind of index and a command, as a package of your own would add them to Soundalike."""
