"""What a run with failures can be repeated from: its images, its settings, and the project's files as they were."""

import io
import tarfile
from contextlib import suppress
from pathlib import Path

import msgspec

from runner.core.events import Event
from runner.core.settings import Settings
from runner.errors import SettingsError, find_reason
from runner.project.compression import zstd
from runner.report.bundle import RERUN, SOURCES

AGAIN = "let it fail again: `runner run --last-failed`"

RECORD = f"{RERUN}/rerun.json"


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """What `rerun.json` says.

    Attributes:
        run: the run's id.
        project: the project's name.
        runner: the version of the runner.
        suite: the name of the suite image.
        architecture: the engine's.
        settings: the run's.
    """

    run: str
    project: str
    runner: str
    suite: str
    architecture: str
    settings: Settings


class RerunKeeper:
    """Keeps them as soon as a failure is kept: a run may be killed before its end."""

    def __init__(self, results: Path, sources: bytes, record: Rerun) -> None:
        self._results, self._sources, self._record, self._is_kept = results, sources, record, False

    def __call__(self, event: Event) -> None:
        """Hear an event; where nothing can be written, there is nothing to repeat the run from."""
        if event.name != "failure-kept" or self._is_kept:
            return
        self._is_kept = True
        with suppress(OSError):
            (self._results / SOURCES).parent.mkdir(exist_ok=True)
            (self._results / SOURCES).write_bytes(zstd.compress(self._sources))
            (self._results / RECORD).write_bytes(msgspec.json.encode(self._record))


def load_rerun(results: Path) -> tuple[Rerun, bytes]:
    """What is kept of a run: the record, and the project's files as a tar file.

    Raises:
        SettingsError: they were not kept, or are damaged.
    """
    what = f"cannot repeat the run `{results.name}`"
    try:
        record = msgspec.json.decode((results / RECORD).read_bytes(), type=Rerun)
        return record, zstd.decompress((results / SOURCES).read_bytes())
    except (zstd.ZstdError, msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise SettingsError(what, f"what is kept of it is damaged: {error}", AGAIN) from None
    except OSError as error:
        raise SettingsError(what, f"{find_reason(error)}: `{error.filename}`", AGAIN) from None


def unpack_sources(sources: bytes, folder: Path) -> None:
    """Unpack the project's files; raises SettingsError where they are damaged."""
    try:
        with tarfile.open(fileobj=io.BytesIO(sources)) as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise SettingsError("cannot unpack the project's files of the run", str(error).splitlines()[0], AGAIN) from None
