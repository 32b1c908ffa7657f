"""A library: one catalog, the snapshots of its spaces, and the views that searches read.

On disk::

    <library>/catalog.sqlite            the catalog, which is the source of truth, or
    <library>/library.toml              where the catalog and other parts are (search.library.description)
    <library>/duplicates.npz            pairs of contents of one recording (search.overview.duplicates.stored)
    <library>/fingerprints/<N>/         fingerprints of recordings, at sequence N (search.analysis.exact.stored)
    <library>/spoken/<N>/               spoken words, at sequence N (search.analysis.speech.stored)
    <library>/asked                     when a service was last queried (search.library.givingway)
    <library>/spaces/<id>/index/<N>/    the vectors at catalog sequence N, as the library's kind of index keeps them
    <library>/spaces/<id>/events/<N>/   the events in its sounds, at sequence N (search.analysis.time.stored)
    <library>/spaces/<id>/map.npz       the 2-D layout of the clips (search.overview.maps)
    <library>/spaces/<id>/columns/<N>/  columns for filters and grouping, at sequence N (search.columns)
    <library>/spaces/<id>/neighbourhoods/<N>/  nearest neighbours, at sequence N (search.vectors.neighbourhoods)
    <library>/spaces/<id>/contours/<N>/ the melody space's tunes, at sequence N (search.analysis.melody.contourfiles)
"""
