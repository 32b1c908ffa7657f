"""Sounds that lie in an object store, for whoever reads files by their paths.

===========  ==============================================================================================
``objects``  what any store does, behind the port `search.ports.ObjectStore`
``buckets``  a bucket of an S3 store
``folders``  a folder as a store
``ranges``   an object as a file, read by ranges
``copies``   objects that are at hand as files while they are worked on: fetched once, hashed on the way
``finding``  an address -> the source that has it, and the key there
===========  ==============================================================================================

An address (``s3://bucket/key``) is a path like any other for whoever opens sounds (`search.audio.opening`).
"""
