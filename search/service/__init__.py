"""The REST API: what backends and the search page call. Run by ``soundalike serve``.

=============  ====================================================================================
``config``     what the command line decides: address, limits, whether keys are needed
``app``        `create_app`: the Flask application over one open library
``routes``     the endpoints, one class for each group
``requests``   models of requests, ``answers``: models of answers; both make the OpenAPI document
``problems``   every error as an RFC 9457 problem document
``guard``      hosts, keys, origins, rates; ``rates``: how much is decoded at once
``media``      peaks and pictures of a sound, kept in a bounded ``cache`` on disk
``uploads``    received files, for queries and for jobs that index them
``runner``     the process that does the jobs
``processes``  the supervisor: web workers, the job runner, restarts, shutdown
=============  ====================================================================================

Flask and pydantic stay in this package; it reaches upper rooms only through `search.wiring`.
"""
