"""Memory settings of the C library."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT_HEAPS = """
import ctypes, sys, threading
from search.ground.memory import share_heaps
if sys.argv[2] != "as many as it likes":
    assert share_heaps(int(sys.argv[2]))
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)
def work():
    together.wait()
    for _ in range(1000):
        ctypes.create_string_buffer(2000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(open(sys.argv[1]).read().count("<heap nr="))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has heaps to share")
def test_threads_share_the_heaps_they_are_given(tmp_path):
    """Eight threads that allocate at the same time use two heaps when told so, and more when they are not."""

    def heaps(count):
        command = [sys.executable, "-c", COUNT_HEAPS, str(tmp_path / "info.xml"), count]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert heaps("2") <= 2 < heaps("as many as it likes")
