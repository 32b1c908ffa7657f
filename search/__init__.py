"""Soundalike's engine. Programs import `soundalike`, which exports every public name."""
