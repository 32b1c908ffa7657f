"""Sounds in an object store, for code that reads files by their paths.

===========  ==============================================================================================
``objects``  any store, behind the port `search.ports.ObjectStore`
``buckets``  a bucket of an S3 store
``folders``  a folder as a store
``ranges``   an object as a file, read by ranges
``copies``   local copies of objects while they are processed: fetched once, and hashed on the way
``finding``  a URL -> its store, and the key there
===========  ==============================================================================================

A URL (``s3://bucket/key``) is a path like any other for code that opens sounds (`search.audio.opening`).
"""
