"""The MCP server of a library: its tools with their schemas, and its clips as resources."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from mcp.server import MCPServer
from mcp_types import ToolAnnotations

from search.library.library import Library
from search.service.assistants.tools import Tools
from search.service.config import Limits

CLIP: Final = "soundalike://clips/{clip_id}"
_INSTRUCTIONS: Final = (
    "Find sounds in a library of audio. Hits name clips by id; listen to one at soundalike://clips/ID/audio. A verdict "
    "of none means that the library has nothing like it."
)


def make(library: Library, *, local_files: bool, limits: Limits | None = None) -> MCPServer:
    """The server over an open library. ``local_files``: whether sounds may be given as paths, as for a local user."""
    server = MCPServer(
        "soundalike", title="Soundalike", version=version("soundalike"), instructions=_INSTRUCTIONS, log_level="WARNING"
    )
    tools = Tools(library, local_files, limits or Limits())
    for tool in (
        tools.search,
        tools.ask,
        tools.search_by_example,
        tools.search_by_passage,
        tools.search_by_hum,
        tools.search_by_notes,
        tools.similar,
        tools.path_between,
        tools.goes_with,
        tools.recommend,
        tools.tags,
        tools.duplicates,
    ):
        server.add_tool(tool, annotations=ToolAnnotations(read_only_hint=True), structured_output=True)
    server.resource(CLIP, name="clip", mime_type="application/json")(_described(tools))
    server.resource(f"{CLIP}/audio", name="clip audio", mime_type="audio/wav")(_listened_to(tools))
    return server


def _described(tools: Tools) -> Callable[[int], str]:
    def clip(clip_id: int) -> str:
        """The clip with its metadata and tags, as JSON."""
        return tools.clip(clip_id).model_dump_json()

    return clip


def _listened_to(tools: Tools) -> Callable[[int], bytes]:
    def audio(clip_id: int) -> bytes:
        """The first minute of a clip as WAV."""
        return tools.audio(clip_id)

    return audio
