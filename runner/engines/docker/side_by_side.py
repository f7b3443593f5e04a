"""Does several long things at the same time, and tells of all of them in the caller's own thread."""

import queue
import threading
from collections.abc import Callable, Mapping

from runner.engines.protocol import Progress

PAUSE = 0.1
"""Seconds without news after which `progress` is asked whether to give up."""


class GivenUpError(Exception):
    """Raised inside what goes on beside something that failed."""


def do_side_by_side(ways: Mapping[str, Callable[[Progress], None]], progress: Progress) -> None:
    """Call everything with a progress of its own, each in a thread of its own, and wait for all of them.

    Each line has the name before it where there is more than one. The first error, or what `progress` raises, makes
    the others give up at their next word, and is raised when they have.
    """
    if len(ways) == 1:
        for do in ways.values():
            do(progress)
        return
    news: queue.Queue[str | BaseException | None] = queue.Queue()
    given_up = threading.Event()

    def work(name: str, do: Callable[[Progress], None]) -> None:
        def tell(line: str) -> None:
            if given_up.is_set():
                raise GivenUpError
            if line:
                news.put(f"{name}: {line}")

        try:
            do(tell)
            news.put(None)
        except BaseException as error:  # noqa: BLE001 -- raised again in the caller's thread
            news.put(error)

    threads = [threading.Thread(target=work, args=each, daemon=True) for each in ways.items()]
    for thread in threads:
        thread.start()
    try:
        listen(news, len(threads), progress)
    finally:
        given_up.set()
        for thread in threads:
            thread.join()


def listen(news: "queue.Queue[str | BaseException | None]", working: int, progress: Progress) -> None:
    """Pass on what is told until all have ended, or one has failed."""
    while working:
        try:
            each = news.get(timeout=PAUSE)
        except queue.Empty:
            progress("")
            continue
        if isinstance(each, BaseException):
            raise each
        if each is None:
            working -= 1
        else:
            progress(each)
