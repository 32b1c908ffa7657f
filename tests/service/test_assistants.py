"""An assistant's own client, from the official SDK, calls every tool of the MCP server."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from search import wiring
from search.service.config import Limits
from tests.service.conftest import settings, wav

if find_spec("mcp") is None:
    pytest.skip("the MCP SDK is not installed (extra mcp)", allow_module_level=True)
# It takes a second to load: tests do so when they run, and not each process that only looks for tests.


def encoded(sound: bytes) -> str:
    return base64.b64encode(sound).decode()


@pytest.fixture(scope="module")
def library(made_library, tmp_path_factory):
    copy = Path(shutil.copytree(made_library, tmp_path_factory.mktemp("assistants") / "library"))
    with wiring.library(copy, settings(copy)) as opened:
        yield opened


def run_apart(main):
    """What a coroutine gives, in a thread of its own: this one may have a loop already, a browser's."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(main())).result()


def session(library, talk, **options):
    """What ``talk(client)`` gives, in a session over the server."""
    from mcp import Client

    from search.service.assistants import server

    async def run():
        async with Client(server.make(library, **{"local_files": True, **options})) as client:
            return await talk(client)

    return run_apart(run)


CALLS = {
    "search": {"words": "rain", "not_words": "wind", "where": "duration_s < 60", "k": 3},
    "ask": {"sentence": "like the second one", "previous": [1, 2, 3]},
    "search_by_example": {"sound": encoded(wav(1)), "k": 2},
    "search_by_passage": {"clip_id": 1, "start_s": 0.2, "end_s": 1.0},
    "search_by_hum": {"sound": encoded(wav(1))},
    "search_by_notes": {"notes": "C4 D4 E4 F4 G4"},
    "similar": {"clip_id": 1, "k": 2},
    "path_between": {"start": 1, "end": 6, "steps": 2},
    "recommend": {"likes": [1], "dislikes": [2]},
    "tags": {},
    "duplicates": {},
}
NEED_FACTS = {"goes_with"}
"""Those that this library, which nobody measured, has no answer for."""


def test_every_tool_answers_in_the_shape_that_it_promises(library):
    import jsonschema  # comes with the SDK

    async def talk(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        answers = {name: await client.call_tool(name, arguments) for name, arguments in CALLS.items()}
        return tools, answers

    tools, answers = session(library, talk)
    assert set(tools) == {*CALLS, *NEED_FACTS}
    for name, tool in tools.items():
        assert tool.description, name
        assert tool.annotations.read_only_hint, name
        if name in NEED_FACTS:
            continue
        assert not answers[name].is_error, (name, answers[name].content)
        jsonschema.validate(answers[name].structured_content, tool.output_schema)
    assert answers["search"].structured_content["hits"][0]["title"] == "rain"
    assert answers["search_by_example"].structured_content["hits"][0]["title"] == "rain"
    assert 1 not in [hit["clip_id"] for hit in answers["similar"].structured_content["hits"]]
    assert answers["ask"].structured_content["query"]["parts"] == [{"clip_id": 2, "weight": 1.0}]
    assert answers["tags"].structured_content["clips"] == 6


def test_clips_are_resources_to_read_and_to_listen_to(library):
    import mcp

    from search.service.assistants import server

    async def talk(client):
        templates = (await client.list_resource_templates()).resource_templates
        described = await client.read_resource("soundalike://clips/1")
        audio = await client.read_resource("soundalike://clips/1/audio")
        with pytest.raises(mcp.MCPError, match="99"):
            await client.read_resource("soundalike://clips/99")
        return templates, described.contents[0], audio.contents[0]

    templates, described, audio = session(library, talk)
    assert {template.uri_template for template in templates} == {server.CLIP, f"{server.CLIP}/audio"}
    assert json.loads(described.text)["id"] == 1
    assert audio.mime_type == "audio/wav"
    assert base64.b64decode(audio.blob)[:4] == b"RIFF"


def test_what_cannot_be_answered_is_said_and_names_no_place_of_this_machine(library, tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(1))
    calls = {
        "filter": ("search", {"words": "rain", "where": "nonsense = 1"}),
        "no clip has": ("similar", {"clip_id": 99}),
        "facts --measure": ("goes_with", {"clip_id": 1}),
        "one of them": ("similar", {}),
        "base64": ("search_by_example", {"sound": "%%%"}),
        "the sound": ("search_by_example", {"sound": encoded(b"not a sound")}),
    }

    async def talk(client):
        return {text: await client.call_tool(name, arguments) for text, (name, arguments) in calls.items()}

    for text, answer in session(library, talk).items():
        assert answer.is_error
        assert text in answer.content[0].text
        assert str(library.path) not in answer.content[0].text


def test_files_of_this_machine_are_named_by_its_own_user_alone(library, tmp_path):
    """A client over the network could read them out."""
    (tmp_path / "a.wav").write_bytes(wav(1))

    async def talk(client):
        return await client.call_tool("search_by_example", {"sound": str(tmp_path / "a.wav")})

    assert session(library, talk).structured_content["hits"][0]["title"] == "rain"
    refused = session(library, talk, local_files=False)
    assert refused.is_error
    long = session(library, talk, limits=Limits(query_s=1.0))
    assert "more than the 1 s allowed" in long.content[0].text


@pytest.mark.thorough
def test_the_command_speaks_over_standard_input_and_output(library):
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "search.cli", "mcp", str(library.path)], env={"SOUNDALIKE_DEVICE": "cpu"}
    )

    async def run():
        async with Client(stdio_client(parameters)) as client:
            return await client.call_tool("similar", {"clip_id": 1, "k": 2})

    answer = run_apart(run)
    assert len(answer.structured_content["hits"]) == 2


def test_over_http_the_keys_and_rates_of_the_service_hold(library):
    from starlette.testclient import TestClient

    from search.service.assistants import http, server

    secret = library.keys.add("assistant", ["read"])
    writing = library.keys.add("writer", ["write"])
    app = http.application(server.make(library, local_files=False), library.keys, 1.0, clock=lambda: 0.0)
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    headers = {"Accept": "application/json, text/event-stream"}
    with TestClient(app, base_url="http://127.0.0.1:8001") as client:

        def status(key: str | None) -> int:
            given = {"Authorization": f"Bearer {key}"} if key else {}
            return client.post("/mcp", json=call, headers={**headers, **given}).status_code

        assert status(None) == 401
        assert status("wrong") == 401
        assert status(writing) == 403
        statuses = [status(secret) for _ in range(30)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_jobs_give_way_to_whatever_an_assistant_asks(library, monkeypatch):
    noted = []
    monkeypatch.setattr(library.giving_way, "note_question", lambda: noted.append(1))

    async def talk(client):
        for name, arguments in CALLS.items():
            noted.clear()
            await client.call_tool(name, arguments)
            assert noted, name
        for what in ("", "/audio"):
            noted.clear()
            await client.read_resource(f"soundalike://clips/1{what}")
            assert noted, what

    session(library, talk)
