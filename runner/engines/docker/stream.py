"""Long answers of the engine as files to read, closed whether they were read to their end or not."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docker.api.client import APIClient
from docker.errors import create_api_error_from_http_exception
from requests.exceptions import HTTPError

PIECE = 1 << 20
"""Bytes that are read at a time."""


@contextmanager
def open_answer(api: APIClient, path: str, /, **params: Any) -> Iterator["Stream"]:
    """The engine's answer to a GET, as it comes.

    Args:
        api: the engine.
        path: such as `/containers/0123456789ab/export`.
        params: of the request.

    Raises:
        APIError: the engine refuses.
    """
    url = f"{api.base_url}/v{api.api_version}{path}"
    with api.get(url, params=params, stream=True, timeout=api.timeout) as answer:
        try:
            answer.raise_for_status()
        except HTTPError as error:
            raise create_api_error_from_http_exception(error) from error
        yield Stream(answer.iter_content(PIECE))


class Stream(io.RawIOBase):
    """Pieces of bytes as a file to read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a part of the buffer; 0 at the end."""
        while not self._rest:
            try:
                self._rest = memoryview(next(self._pieces))
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
