"""``python -m search.service.document FILE``: write the OpenAPI document, for generating clients."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from search import wiring
from search.service.app import document_of
from search.service.config import ServiceConfig
from search.service.service import Service
from search.settings import Settings


def main(argv: list[str] | None = None) -> int:
    """Write the document; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where it goes, JSON")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"SOUNDALIKE_LIBRARY": folder})
        with wiring.library(Path(folder, "library"), settings, create=True) as library:
            document = document_of(Service.over(library, ServiceConfig(Path(folder, "library"))))
    args.file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
