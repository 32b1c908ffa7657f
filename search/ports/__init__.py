"""The interfaces between the parts of Soundalike, as Protocols. Read this first.

An `Encoder` turns audio into vectors. The `CatalogWriter` stores them: the catalog is the source of truth. A
`VectorIndex` searches them, and a `CatalogReader` describes the hits. Only numpy arrays and the frozen values of
`search.model` cross these interfaces; torch, faiss and SQLAlchemy stay inside their adapters. Only `search.wiring`
chooses adapters.

Import the Protocols from here.
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
