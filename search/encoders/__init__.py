"""Encoders, one module per family, imported only when one is asked for by name (``search.wiring``).

=================  =====================================================================================
``soundalike``     ``cnn:soundalike-1``: on a CPU by ``spectrum`` (numpy) and ``graph`` (ONNX Runtime), without torch
``cnn``            mel front end and mn network in torch (``mel``, ``mn``): GPUs, ``cnn:mn04``, a checkpoint by its path
``clap``           CLAP through transformers: reads words too
``spectral``       log-mel statistics without weights, numpy alone
``weights``        where a model's file is looked for
``normalisation``  centring and scaling fitted on learning material, kept in ``data/``
``contract``       what every encoder checks and promises
=================  =====================================================================================
"""
