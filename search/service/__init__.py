"""The REST API: what backends and the search page call. Run by ``soundalike serve``.

=============  ====================================================================================
``config``     what the command line decides: address, limits, whether keys are needed
``app``        `create_app`: the Flask application over one open library
``routes``     the endpoints, one class for each group
``requests``   what may be asked, ``answers``: what comes back; both make the OpenAPI document
``problems``   every error as an RFC 9457 problem document
``guard``      hosts, keys, origins, rates; ``slots``: how much is decoded at once
``media``      peaks and pictures of a sound, kept in a bounded ``cache`` on disk
``uploads``    received files, kept until a job has indexed them
``runner``     the process that works off indexing jobs
``processes``  the supervisor: web workers, the job runner, restarts, shutdown
=============  ====================================================================================

Flask and pydantic stay in this package; it reaches upper rooms only through `search.wiring`.
"""
