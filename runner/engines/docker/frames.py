"""Reads the attached streams of a container from their connection.

The SDK's own reader waits for the operating system to have more; under TLS what is left of a record is not there any
more but in the library's memory, so it would wait for ever.
"""

import socket
import struct
from collections.abc import Iterator

HEADER = struct.Struct(">BxxxL")
"""The number of the stream, and how many bytes follow (the engine's API, `attach`)."""


def read_frames(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Each piece with the number of its stream, until the connection ends; may raise OSError."""
    while header := read_exactly(connection, HEADER.size):
        number, size = HEADER.unpack(header)
        yield number, read_exactly(connection, size)


def read_exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes; empty where the connection ends before."""
    content = bytearray()
    while len(content) < size:
        if not (data := connection.recv(size - len(content))):
            return b""
        content += data
    return bytes(content)
