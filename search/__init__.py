"""Soundalike's engine. Programs import `soundalike`, which has every public name of it."""
