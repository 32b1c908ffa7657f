"""Encoders, one module per family, imported only when an encoder is loaded by name (``search.wiring``).

=================  =====================================================================================
``soundalike``     ``cnn:soundalike-1``: on a CPU by ``spectrum`` (numpy) and ``graph`` (ONNX Runtime), without torch
``cnn``            mel front end and mn network in torch (``mel``, ``mn``): GPUs, ``cnn:mn04``, a checkpoint by its path
``clap``           CLAP through transformers: reads words too
``spectral``       log-mel statistics without weights, numpy alone
``weights``        finds the file of a model
``normalisation``  centring and scaling, fitted on training data, kept in ``data/``
``contract``       checks and guarantees of every encoder
=================  =====================================================================================
"""
