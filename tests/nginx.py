"""A real nginx in front of a service, with the configurations that docs/guides/proxy.md shows."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from search.service.processes.supervisor import bind
from tests.documentation.snippets import PROJECT, snippets
from tests.waiting import PATIENCE_S

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(PROGRAM is None, reason="nginx is not here; on Debian: apt-get install nginx-light")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here: no certificate")

_AROUND = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/other;
  uwsgi_temp_path {folder}/other;
  scgi_temp_path {folder}/other;
{servers}
}}
"""


def guided(place: int) -> str:
    """The nginx configuration number ``place`` (from 0) in the guide."""
    shown = [one.text for one in snippets(PROJECT / "docs/guides/proxy.md") if one.language == "nginx"]
    return shown[place]


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for 127.0.0.1."""

    file: Path
    key: Path

    @classmethod
    def made_in(cls, folder: Path) -> Certificate:
        made = cls(folder / "certificate.pem", folder / "key.pem")
        subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes")
        new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *subject)
        to = ("-keyout", str(made.key), "-out", str(made.file))
        subprocess.run(["openssl", *new, *to], check=True, capture_output=True)
        return made


@contextmanager
def nginx(
    folder: Path, listening: socket.socket, service: str, configuration: str, certificate: Certificate | None = None
) -> Iterator[None]:
    """Run nginx within the block: it forwards connections of ``listening`` to ``service``, by ``configuration``."""
    port = listening.getsockname()[1]
    servers = re.sub(r"listen \d+", f"listen 127.0.0.1:{port}", configuration)
    servers = re.sub(r"server_name [^;]+;", "", servers).replace("http://127.0.0.1:8000", service)
    if certificate is not None:
        servers = re.sub(r"(ssl_certificate) [^;]+;", rf"\1 {certificate.file};", servers)
        servers = re.sub(r"(ssl_certificate_key) [^;]+;", rf"\1 {certificate.key};", servers)
    file = folder / f"nginx-{port}.conf"
    file.write_text(
        _AROUND.format(folder=folder, servers=servers, user="user root;" if os.geteuid() == 0 else ""), "utf-8"
    )
    inherited = {**os.environ, "NGINX": f"{listening.fileno()};"}  # as nginx passes its sockets to its successor
    command = [PROGRAM, "-p", str(folder), "-e", "stderr", "-c", str(file)]
    with (folder / f"nginx-{port}.log").open("wb") as log:
        running = subprocess.Popen(command, env=inherited, pass_fds=[listening.fileno()], stderr=log)
    try:
        yield
    finally:
        running.terminate()
        running.wait(PATIENCE_S)


@contextmanager
def address() -> Iterator[socket.socket]:
    """A bound socket for nginx, so that its address is known and reserved before it starts."""
    with bind("127.0.0.1", 0) as listening:
        yield listening
