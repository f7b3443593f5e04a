"""Stand-ins for the engine, for tests of the session that need no containers."""

import json

from runner.engines.protocol import END, OUTPUT, REPORTS, Leftover
from runner.streams import END_OF_OUTPUT


def make_leftover(name="suite-1", kind="container", owner=None, status="running", created="2026-01-01T00:00:00"):
    """An object that is left on the engine."""
    return Leftover(kind, f"id-{name}", name, "run-1", "sample", "suite", created, status, owner)


class FakeSuite:
    """A suite container whose process does what the test says."""

    id = "suite"

    def __init__(self, engine, receiver):
        self._engine = engine
        self._receiver = receiver

    def wait_started(self):
        self._engine.record("wait_started")

    def run(self, argv, environment):
        self._engine.record("run")
        self._engine.commands.append((list(argv), dict(environment)))
        self._engine.behave(self)

    def signal(self, number):
        self._engine.record(f"signal {int(number)}")
        self._engine.when_signalled(self)

    def answer(self, name, text=""):
        self._engine.record(f"answer {name}")
        self._engine.answers[name] = text

    def put_files(self, files):
        self._engine.record("put_files")
        self._engine.files |= files

    def read_file(self, path, most):  # noqa: ARG002 -- the protocol's names
        self._engine.record(f"read_file {path}")
        return self._engine.told

    def copy_results(self, names, target):
        self._engine.record("copy_results")
        self._engine.asked.append(list(names))
        for name in self._engine.results.keys() & set(names):
            (target / name).write_text(self._engine.results[name])

    def say(self, data):
        self._receiver(OUTPUT, data)

    def report(self, event, **data):
        self.report_line(json.dumps({"event": event, **data}).encode())

    def report_line(self, line):
        self._receiver(REPORTS, line + b"\n")

    def end(self, exit_code=0, *, by_itself=True):
        """The process ends; the container lives on. Pytest says so, unless a test ended its process."""
        if by_itself:
            self.report("pytest-ended")
        self.say(END_OF_OUTPUT)
        self.report("process-ended", exit_code=exit_code)

    def die(self):
        """The container ends."""
        self._receiver(END, b"")


def start_test(suite, test="test_a.py::test_a", **changes):
    """A test starts, as the plugin reports it."""
    usual = {"worker": "gw0", "groups": [], "attempt": 1, "crosses": False, "time": 1.0}
    suite.report("test-started", test=test, **usual | changes)


def finish_test(suite, verdict="passed", test="test_a.py::test_a", **changes):
    """A test ends, as the plugin reports it."""
    usual = dict.fromkeys(("error", "reason", "message", "text"), "") | {"worker": "gw0", "seconds": 0.1, "attempt": 1}
    suite.report("test-finished", test=test, verdict=verdict, **usual | changes)


def end_well(suite):
    """One test passes, and the process ends."""
    start_test(suite)
    finish_test(suite)
    suite.say(b"1 passed\n")
    suite.end(0)


class FakeEngine:
    """An engine that only keeps a record of what it is asked for.

    Args:
        behave: called with the suite when a process is started in it.
        when_signalled: called with the suite when it gets a signal.
        failures: errors to raise, by the name of the method.
        left: what is left after the teardown.
        results: result files in the container, by name.
        built: the images that were missing.
        dead: what the sweep removes.
        lock: what the comparison with `runner.lock` finds; None where there is no lock.
    """

    image = "ephemeral-runner/suite-sample:0123456789abcdef"
    postgres_image = "ephemeral-runner/postgres:0123456789abcdef"
    sources = b""
    architecture = "amd64"

    def __init__(
        self,
        behave=end_well,
        when_signalled=lambda suite: suite.end(2),
        failures=None,
        left=(),
        results=None,
        built=(),
        dead=(),
        lock=None,
    ):
        self.behave, self.when_signalled = behave, when_signalled
        self.failures, self.left, self.results = failures or {}, left, results or {}
        self.built, self.dead, self.lock = built, dead, lock
        self.calls = []
        self.commands = []
        self.asked = []
        self.answers = {}
        self.files = {}
        self.told = b""

    def record(self, call):
        self.calls.append(call)
        if error := self.failures.get(call.split()[0]):
            raise error

    def count_cpus(self):
        self.record("count_cpus")
        return 2

    def sweep(self):
        self.record("sweep")
        return self.dead

    def ensure_images(self, database, progress):  # noqa: ARG002 -- the protocol's names
        self.record("ensure_images")
        progress("")
        for image in self.built:
            progress(f"building {image}")
        return self.built

    @property
    def has_lock(self):
        return self.lock is not None

    def check_lock(self, progress):
        self.record("check_lock")
        progress("")
        return self.lock

    def start_services(self, file, egress, progress):
        self.record("start_services")
        progress(f"building what {file.name} needs")
        self.services_egress = egress
        return ["broker", "redis"]

    def read_service_logs(self):
        self.record("read_service_logs")
        return b"redis | ready\n"

    def start_suite(self, receiver, publish, egress=True, access=None, sandboxes=False):
        self.record("start_suite")
        self.published, self.egress, self.access, self.sandboxes = publish, egress, access, sandboxes
        return FakeSuite(self, receiver)

    def start_postgres(self, suite, password, receiver):  # noqa: ARG002 -- the protocol's names
        self.record("start_postgres")
        raise AssertionError("plans of these tests have no database")

    def remove_containers(self):
        self.record("remove_containers")
        return ()

    def remove_run(self):
        self.record("remove_run")
        return self.left
