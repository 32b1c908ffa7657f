"""A bucket of S3, or of a compatible store (MinIO, Ceph, R2, ...), behind the port `search.ports.ObjectStore`.

Endpoint and credentials are set as for every S3 client: ``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_ACCESS_KEY_ID``,
``AWS_PROFILE``, ``~/.aws``, the role of the machine. obstore lists and reads. botocore takes twice as long for an
object and thirty times as long for a listed name; it reads profiles, and lists names that obstore cannot list.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from obstore import exceptions
from obstore.store import S3Store

from search.audio.stores.objects import Objects
from search.errors import StoreAway, printable
from search.ground.urls import STORE
from search.model import StoredObject

WAIT_S = 60.0
"""How long requests are retried while a store does not answer, or is overloaded."""
_TIMEOUT_S: Final = 30


class Bucket(Objects):
    """One bucket. Thread-safe; not usable after a fork."""

    def __init__(self, name: str) -> None:
        """Connects on the first request."""
        self._name = name
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        store = S3Store(
            name,
            client_options={
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
                "timeout": timedelta(seconds=_TIMEOUT_S),
                "connect_timeout": timedelta(seconds=5),
            },
            retry_config={
                "max_retries": 20,
                "retry_timeout": timedelta(seconds=WAIT_S),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=5),
                    "base": 2,
                },
            },
            **_known(endpoint),
        )
        super().__init__(f"{STORE}{name}", lambda: store, "check the network, AWS_ENDPOINT_URL and AWS_REGION")

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """See `search.ports.Source.objects`."""
        last = ""
        try:
            for one in super().objects(prefix):
                last = one.key
                yield one
        except exceptions.InvalidPathError:  # a name like a//b or ../a makes its whole page fail
            yield from self._listed_by_botocore(prefix, last)

    def _listed_by_botocore(self, prefix: str, after: str) -> Iterator[StoredObject]:
        """The objects after ``after``, in the order of their names."""
        import botocore.session
        from botocore.exceptions import BotoCoreError, ClientError

        below = f"{prefix}/" if prefix else ""
        try:
            pages = botocore.session.get_session().create_client("s3").get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._name, Prefix=below, **({"StartAfter": after} if after else {})):
                for entry in page.get("Contents", ()):
                    modified: datetime = entry["LastModified"]
                    yield StoredObject(entry["Key"], entry["Size"], entry["ETag"], modified.timestamp())
        except (BotoCoreError, ClientError) as error:
            raise StoreAway(f"{self._url}: cannot be listed ({printable(str(error))})") from error


def _known(endpoint: str | None) -> dict[str, Any]:
    """Settings that obstore does not read from the environment itself."""
    return ({"endpoint": endpoint} if endpoint else {}) | _known_to_botocore()


def _known_to_botocore() -> dict[str, Any]:
    """Credentials and region of the AWS profile, if there is one; obstore reads only variables and roles."""
    has_profile = "AWS_PROFILE" in os.environ or (Path.home() / ".aws").is_dir()
    if not has_profile or "AWS_ACCESS_KEY_ID" in os.environ:
        return {}
    import botocore.session

    session = botocore.session.get_session()
    credentials = session.get_credentials()
    found: dict[str, Any] = {}
    if credentials is not None:

        def provide() -> dict[str, Any]:
            frozen = credentials.get_frozen_credentials()
            return {
                "access_key_id": frozen.access_key,
                "secret_access_key": frozen.secret_key,
                "token": frozen.token,
                "expires_at": getattr(credentials, "_expiry_time", None),
            }

        found["credential_provider"] = provide
    if region := session.get_config_variable("region"):
        found["region"] = region
    return found
