"""Does work that takes seconds beside a `progress` that may want to give up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from runner.engines.protocol import Progress

Found = TypeVar("Found")


def wait_for(work: Callable[[], Found], progress: Progress) -> Found:
    """The result of work that takes seconds, done in a thread, so that `progress` may give up meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        while True:
            try:
                return future.result(timeout=0.1)
            except TimeoutError:
                progress("")
