"""The seams of Soundalike, as Protocols. Read this first.

Audio goes up through an `Encoder` into vectors; the `CatalogWriter` keeps them (the truth), a `VectorIndex` finds
among them, a `CatalogReader` says what was found. Only numpy arrays and the frozen values of `search.model` cross;
torch, faiss and SQLAlchemy stay inside their adapters. Which adapter serves is decided in `search.wiring` alone.

One module has what belongs together; whoever uses a seam imports it from here.
"""

from __future__ import annotations

from search.ports.catalog import CatalogReader, CatalogWriter, ContentReader, FactsCatalog, FileCatalog, Lease
from search.ports.encoders import (
    Encoder,
    FrameReader,
    MeaningReader,
    MelodyExtractor,
    SpeechRecogniser,
    VoiceDetector,
    WordReader,
)
from search.ports.indexes import ChangesSince, IndexFactory, OnServer, RecallIndex, SpaceIndex, VectorIndex
from search.ports.jobs import ChunkPlan, Chunks, ChunkWork, IndexFailure, IndexProgress, IndexWarning, JobQueue, JobWork
from search.ports.keeping import Allowances, CollectionStore, FeedbackStore, KeyStore, MatchStore, SearchStore
from search.ports.objects import ObjectStore, Shipments, Source

__all__ = [
    "Allowances",
    "CatalogReader",
    "CatalogWriter",
    "ChangesSince",
    "ChunkPlan",
    "ChunkWork",
    "Chunks",
    "CollectionStore",
    "ContentReader",
    "Encoder",
    "FactsCatalog",
    "FeedbackStore",
    "FileCatalog",
    "FrameReader",
    "IndexFactory",
    "IndexFailure",
    "IndexProgress",
    "IndexWarning",
    "JobQueue",
    "JobWork",
    "KeyStore",
    "Lease",
    "MatchStore",
    "MeaningReader",
    "MelodyExtractor",
    "ObjectStore",
    "OnServer",
    "RecallIndex",
    "SearchStore",
    "Shipments",
    "Source",
    "SpaceIndex",
    "SpeechRecogniser",
    "VectorIndex",
    "VoiceDetector",
    "WordReader",
]
