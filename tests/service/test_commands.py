"""soundalike serve and soundalike keys on the command line."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from search.cli import main
from tests.commandline import soundalike
from tests.service.conftest import serving


def test_keys_are_made_listed_and_revoked(library_path, capsys):
    """The secret is printed once, to stdout alone, so that a script can take it."""
    assert main(["keys", "add", "shop", "--scope", "read", "--library", str(library_path)]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("sla_")
    assert main(["keys", "list", "--json", "--library", str(library_path)]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["name"], listed["scopes"], listed["revoked"]) == ("shop", ["read"], None)
    assert main(["keys", "revoke", "shop", "--library", str(library_path)]) == 0
    assert "no valid key is called 'shop'" in soundalike("keys", "revoke", "shop", "--library", library_path).stderr
    assert main(["keys", "list", "--library", str(library_path)]) == 0
    shown = capsys.readouterr().out
    assert "revoked" in shown
    assert secret not in shown
    made = json.loads(soundalike("keys", "add", "shop", "--json", "--library", library_path).stdout)
    assert (made["name"], made["scopes"], made["key"][:4]) == ("shop", ["read"], "sla_")
    gone = json.loads(soundalike("keys", "revoke", "shop", "--json", "--library", library_path).stdout)
    assert (gone["name"], gone["revoked"] >= gone["created"]) == ("shop", True)


def test_beyond_loopback_it_does_not_start_without_a_key(library_path, capsys):
    """And says how to make one."""
    assert main(["serve", "--host", "0.0.0.0", "--library", str(library_path), "--port", "0"]) == 2
    errors = capsys.readouterr().err
    assert "soundalike keys add" in errors
    assert "--no-keys" in errors


def test_one_thread_is_too_few(library_path, capsys):
    """Who follows a job would hold it, and nobody else had an answer."""
    assert main(["serve", "--library", str(library_path), "--port", "0", "--threads", "1"]) == 2
    assert "--threads must be 2 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [["--host", "example.org"], ["--workers", "0"], ["--max-upload-mb", "-1"], ["--no-keys", "--require-keys"]],
)
def test_wrong_options_are_wrong_use(library_path, options):
    try:
        status = main(["serve", "--library", str(library_path), "--port", "0", *options])
    except SystemExit as error:  # argparse's own
        status = error.code
    assert status == 2


def test_the_image_has_what_its_jobs_need():
    """The code is installed without what it depends on, so drawing the map has to be among what is installed before."""
    written = Path(__file__).parents[2].joinpath("Containerfile").read_text("utf-8")
    (compiled,) = re.findall(r"uv pip compile (.*) pyproject\.toml", written)
    assert "--extra map" in compiled


def test_a_port_in_use_is_said_so(library_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--library", str(library_path), "--port", str(port)]) == 2
    assert f"port {port}" in capsys.readouterr().err


@pytest.mark.thorough
def test_with_keys_a_real_server_lets_in_who_has_one(library_path, capsys):
    main(["keys", "add", "me", "--scope", "read", "--scope", "write", "--library", str(library_path)])
    secret = capsys.readouterr().out.strip()
    with serving(library_path, "--host", "0.0.0.0") as server:
        assert server.get("/api/v1/clips").status_code == 401
        assert server.get("/api/v1/clips", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        document = server.get("/api/v1/openapi.json").json()
        assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
