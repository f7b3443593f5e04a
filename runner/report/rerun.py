"""What a run with failures can be repeated from: the project's files as they were, and its settings."""

import io
import tarfile
from contextlib import suppress
from pathlib import Path

import msgspec

from runner.core.settings import Settings
from runner.errors import SettingsError, find_reason
from runner.project.compression import zstd
from runner.report.bundle import SOURCES

SETTINGS = "rerun/settings.json"


def keep_rerun(results: Path, sources: bytes, settings: Settings) -> None:
    """Keep both beside the results; where they cannot be written, there are none."""
    with suppress(OSError):
        for name, content in ((SOURCES, zstd.compress(sources)), (SETTINGS, msgspec.json.encode(settings))):
            (results / name).parent.mkdir(exist_ok=True)
            (results / name).write_bytes(content)


def load_rerun(results: Path, folder: Path) -> tuple[bytes, Settings]:
    """The project's files as a tar file, which are unpacked into a folder too, and the run's settings.

    Raises:
        SettingsError: they were not kept, or are damaged.
    """
    try:
        sources = zstd.decompress((results / SOURCES).read_bytes())
        settings = msgspec.json.decode((results / SETTINGS).read_bytes(), type=Settings)
        with tarfile.open(fileobj=io.BytesIO(sources)) as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, zstd.ZstdError, msgspec.DecodeError) as error:
        raise SettingsError(f"cannot use what is kept of the run `{results.name}`", str(error)) from None
    except OSError as error:
        cause = f"{find_reason(error)}: `{error.filename}`"
        raise SettingsError(f"cannot use what is kept of the run `{results.name}`", cause) from None
    return sources, settings
