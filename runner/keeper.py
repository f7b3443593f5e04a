"""Keeps the state of failed tests, beside everything else; each test waits until its own is kept."""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.core.failure import parse_told
from runner.core.keeping import Keeping
from runner.core.places import FOLDERS
from runner.core.redact import Redactor
from runner.engines.protocol import ServerAddress, Suite
from runner.errors import PostgresError, RunnerError, find_reason
from runner.kept_state import Making, Order
from runner.postgres.witness import Witness
from runner.report.failures import make_folder_name, write_failure

FILE = "failure.json"
"""Of a worker's folder, in the suite container (plugin/postmortem.py)."""

LARGEST = 64_000_000
"""Bytes of that file."""

ENOUGH = "enough"
"""The answer to a test for which there is no room."""


class Keeper:
    """A thread with a connection of its own."""

    def __init__(
        self,
        suite: Suite,
        results: Path,
        keeping: Keeping,
        environments: Sequence[Mapping[str, str]],
    ) -> None:
        """Start.

        Args:
            suite: has what the plugin tells, and gets the answers.
            results: the run's folder.
            keeping: the run's room.
            environments: whose secrets are not kept.
        """
        self._suite, self._results = suite, results
        self._keeping, self._environments = keeping, environments
        self._witnesses: dict[ServerAddress, Witness] = {}
        self._orders: queue.Queue[Order | None] = queue.Queue()
        self._said: deque[tuple[str, dict[str, Any]]] = deque()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def keep(self, order: Order) -> None:
        """Keep a state, and answer the test."""
        self._orders.put(order)

    def take_said(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What is to be told: names of events and their data. Listeners are not for this thread."""
        while self._said:
            yield self._said.popleft()

    def close(self, patience: float) -> None:
        """Finish what is asked for, in so many seconds at most."""
        self._orders.put(None)
        self._thread.join(patience)

    def _work(self) -> None:
        self._keep_ordered()
        for witness in self._witnesses.values():
            witness.close()

    def _keep_ordered(self) -> None:
        while (order := self._orders.get()) is not None:
            test, answer = order.data["test"], order.data["answer"]
            if not self._keeping.admits(test):
                self._suite.answer(answer, ENOUGH)
                continue
            try:
                self._keep(order)
            except RunnerError as error:
                self._refuse(test, answer, f"{error.what}: {error.cause}")
            except OSError as error:
                self._refuse(test, answer, f"cannot write it: {find_reason(error)}")
            except Exception as error:  # noqa: BLE001 -- in a thread nobody would hear of it, and the test would wait
                self._refuse(test, answer, repr(error))
            else:
                self._suite.answer(answer)

    def _find_witness(self, address: ServerAddress) -> Witness:
        """One for each server; a test may have ended its session, and a restored slot has done so."""
        witness = self._witnesses.get(address)
        if witness is None or not witness.is_connected():
            witness = self._witnesses[address] = Witness(address)
        return witness

    def _refuse(self, test: str, answer: str, reason: str) -> None:
        self._said.append(("failure-lost", {"test": test, "reason": reason}))
        self._suite.answer(answer, reason)

    def _keep(self, order: Order) -> None:
        began, data = time.monotonic(), order.data
        told = parse_told(self._suite.read_file(f"{FOLDERS}/{data['slot']}/{FILE}", LARGEST))
        if told is None:
            raise RunnerError("the plugin's file cannot be read")
        made = Making(order, told, Redactor([*self._environments, told.environment]), self._keeping)
        if order.server is not None and order.address is not None:
            try:
                witness = self._find_witness(order.address)
            except PostgresError as error:
                made.miss(error)
            else:
                made.look(witness)
                made.dump(witness, order.server)
        size = write_failure(self._results, made.make_failure(), made.files)
        self._keeping.note(data["test"], size)
        told_now = {"test": data["test"], "attempt": data["attempt"], "folder": make_folder_name(data["test"])}
        self._said.append(("failure-kept", told_now | {"seconds": round(time.monotonic() - began, 3)}))
