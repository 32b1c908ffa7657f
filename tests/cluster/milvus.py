"""A real Milvus server (standalone, the wheel ``milvus``) on an empty folder; with old data, a start takes a minute.

    python -m tests.cluster.milvus .venv/milvus/bin/python COMMAND ...

starts a server, runs a command that finds it by ``MILVUS_URI``, and stops it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.postgresql import end_with_parent
from tests.waiting import wait_until

PROGRAM = "SOUNDALIKE_TEST_MILVUS"
"""The variable that names the Python of an environment with the server."""
HOW_TO_GET = "no server of Milvus here: make test-cluster gets one, starts it and runs this"

_PREPARE = """
import sys
from milvus import MilvusServer, _initialize_data_files
server = MilvusServer(data_dir=sys.argv[1], proxy_port=sys.argv[2])
server.config.resolve()
_initialize_data_files(sys.argv[1])
"""
"""Unpacks the programs and writes the configuration. The wheel's own start is not used: it leaves no process to wait
for."""

_CONFIGURED = {
    "timeTickInterval: 200": "timeTickInterval: 50",  # ms until new data is found
    "ttl: 30": "ttl: 10",  # s until the place of a killed server is free for the next one
}


class Server:
    """One server; it ends with this process."""

    def __init__(self, python: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="milvus-"))
        port, self._health_port = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{port}"
        subprocess.run([python, "-c", _PREPARE, str(self.folder), str(port)], check=True)
        self._configure()
        self.start()

    def _configure(self) -> None:
        """Shorten its intervals."""
        file = self.folder / "configs" / "milvus.yaml"
        text = file.read_text()
        for usual, here in _CONFIGURED.items():
            assert usual in text, usual
            text = text.replace(usual, here)
        file.write_text(text)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        environ = {
            **os.environ,
            "LD_LIBRARY_PATH": str(self.folder / "bin"),
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self._health_port),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
        }
        log = self.folder / "log"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [str(self.folder / "bin" / "milvus"), "run", "standalone"],
                cwd=self.folder,
                env=environ,
                stdout=file,
                stderr=file,
                preexec_fn=end_with_parent,  # noqa: PLW1509  it takes no lock
            )
        wait_until(self._answers, lambda: log.read_text(errors="replace")[-2000:])

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        from pymilvus import MilvusClient, MilvusException

        if self._process.poll() is not None:
            raise AssertionError(f"Milvus ended: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
        try:
            MilvusClient(uri=self.url, timeout=2).list_collections()
        except MilvusException:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main(python: str, *command: str) -> int:
    """Run ``command`` while a server runs. Return its exit status."""
    server = Server(python)
    try:
        return subprocess.run(command, check=False, env={**os.environ, "MILVUS_URI": server.url}).returncode
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
