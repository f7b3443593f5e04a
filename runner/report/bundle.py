"""A bundle: all that is kept of a run as one file, without secrets, for a post-mortem on another machine."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from runner.core.manifest import NAME, check_file, make_manifest, parse_manifest, refuse
from runner.errors import SettingsError, find_reason
from runner.project.compression import make_options, zstd
from runner.project.kept import open_whole

LEVEL = 6
"""Of compression."""

RERUN = "rerun"
"""The folder of what the run can be repeated from."""

SOURCES = f"{RERUN}/sources.tar.zst"
"""The project's files, which are an archive in themselves."""

Redact = Callable[[bytes], bytes]


def pack_bundle(results: Path, target: Path, redact: Redact, hide: Redact) -> int:
    """Write a run's folder to a file; its size in bytes. What was at its place before stays until the new one is whole.

    Args:
        results: the run's folder.
        target: the file.
        redact: takes secrets out of a file.
        hide: takes known secrets out of what is used again, where nothing else may be changed.

    Raises:
        SettingsError: a file cannot be read, or written.
    """
    try:
        files = {path.relative_to(results).as_posix(): path.read_bytes() for path in list_files(results)}
        for name, content in files.items():
            change = hide if name.endswith(".sql") or name.startswith(f"{RERUN}/") else redact
            files[name] = hide_in_archive(content, hide) if name == SOURCES else change(content)
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            open_whole(target) as file,
            zstd.open(file, "wb", options=make_options(LEVEL)) as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            for name, content in {NAME: make_manifest(results.name, files), **files}.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return target.stat().st_size
    except OSError as error:
        raise SettingsError(f"cannot write `{target}`", find_reason(error), "name another file: `-o FILE`") from None


def list_files(results: Path) -> list[Path]:
    """The files of a run; links are none of ours."""
    return sorted(path for path in results.rglob("*") if path.is_file() and not path.is_symlink())


def hide_in_archive(content: bytes, hide: Redact) -> bytes:
    """An archive with each of its files changed."""
    target = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(zstd.decompress(content))) as before,
        tarfile.open(fileobj=target, mode="w") as after,
    ):
        for member in before:
            file = before.extractfile(member) if member.isreg() else None
            changed = hide(file.read()) if file else b""
            member.size = len(changed)
            after.addfile(member, io.BytesIO(changed))
    return zstd.compress(target.getvalue())


def open_bundle(source: Path, folder: Path) -> Path:
    """Unpack a bundle into a folder; the folder of its run there.

    Raises:
        SettingsError: it cannot be read, is damaged, or of a newer format.
    """
    try:
        with zstd.open(source) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            return unpack(archive, str(source), folder)
    except (EOFError, ValueError, tarfile.TarError, zstd.ZstdError):
        raise refuse(str(source), "it is no bundle, or it is damaged") from None
    except OSError as error:
        raise SettingsError(f"cannot read the bundle `{source}`", find_reason(error)) from None


def unpack(archive: tarfile.TarFile, place: str, folder: Path) -> Path:
    """Unpack what the manifest names, and nothing else."""
    first = archive.next()
    file = archive.extractfile(first) if first and first.name == NAME else None
    if file is None:
        raise refuse(place, "it is no bundle")
    manifest = parse_manifest(file.read(), place)
    results, missing = folder / PurePosixPath(manifest.run).name, {*manifest.files}
    while member := archive.next():
        content = (archive.extractfile(member) or io.BytesIO()).read() if member.isreg() else b""
        check_file(manifest, member.name, content, place)
        path = results / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        missing.discard(member.name)
    if missing:
        raise refuse(place, f"`{min(missing)}` is missing in it")
    return results
