"""The folder of a failed test's kept state: `failures/<test>/`, written so that it is whole or as it was before."""

import hashlib
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from runner.core.failure import OVERLAY, RECORD, STATE, Failure, parse_failure
from runner.core.names import make_slug

FOLDER = "failures"

FILES = frozenset({"traceback.txt", "output.txt", "statements.log", "environment.json", STATE, OVERLAY})
"""What a newer attempt's state replaces; dumps between attempts (`attempt-1.sql`) and of other databases stay."""


@dataclass(frozen=True)
class Kept:
    """A kept state: its record, its folder, and the SQL in it by the file's name."""

    failure: Failure
    folder: Path
    scripts: Mapping[str, str]

    def read(self, name: str) -> str:
        """The text of another file, empty where there is none."""
        return read_text(self.folder / name)


def make_folder_name(test: str) -> str:
    """The folder of a test, below the results: `failures/<slug>-<digest>`; two tests never share one."""
    digest = hashlib.sha256(test.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{FOLDER}/{make_slug(test)[:80]}-{digest}"


def write_failure(results: Path, failure: Failure, files: Mapping[str, bytes]) -> int:
    """Write a kept state in the place of the same test's earlier one; how many bytes it has.

    Until all of it is on the disk, the earlier one stays. The record comes last: a folder without it is not whole.

    Args:
        results: the run's folder.
        failure: becomes `failure.json`.
        files: contents by name.

    Raises:
        OSError: it cannot be written.
    """
    whole = {**files, RECORD: failure.as_json()}
    target = results / make_folder_name(failure.test)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=".", dir=target.parent))
    try:
        for name, content in whole.items():
            (made / name).write_bytes(content)
        target.mkdir(exist_ok=True)
        (target / RECORD).unlink(missing_ok=True)
        for name in FILES - whole.keys():
            (target / name).unlink(missing_ok=True)
        for name in whole:
            (made / name).replace(target / name)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return sum(map(len, whole.values()))


def read_failure(folder: Path) -> Kept | None:
    """The kept state in a folder, or None where there is none that is whole."""
    try:
        failure = parse_failure((folder / RECORD).read_bytes())
    except OSError:
        return None
    if failure is None:
        return None
    names = [STATE, OVERLAY, *(f"{name}{end}" for name in failure.databases for end in (".sql", f".{OVERLAY}"))]
    return Kept(failure, folder, {name: read_text(folder / name) for name in names if (folder / name).is_file()})


def read_failures(results: Path) -> list[Kept]:
    """The kept states of a run, the first failure first."""
    found = [read_failure(each) for each in (results / FOLDER).glob("[!.]*")]
    return sorted((each for each in found if each is not None), key=lambda each: each.failure.time)


def read_text(path: Path) -> str:
    """A file's text, empty where there is none; line ends stay as they are."""
    with suppress(OSError):
        return path.read_bytes().decode(errors="replace")
    return ""
