"""Encoders, one module per family, imported only when one is asked for by name (``search.wiring``).

=================  =====================================================================================
``cnn``            mel front end and mn network (``mel``, ``mn``): ``cnn:mn04``, or a checkpoint by its path
``clap``           CLAP through transformers: reads words too
``spectral``       log-mel statistics without weights, numpy alone
``weights``        where a model's file is looked for
``normalisation``  centring and scaling fitted on learning material, kept in ``data/``
``contract``       what every encoder checks and promises
=================  =====================================================================================
"""
