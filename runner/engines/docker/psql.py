"""The server's own psql, taken out of its container for one that has none: it is always of the server's version."""

import io
import tarfile
from collections.abc import Mapping

from docker.api.client import APIClient

from runner.core.places import FILES
from runner.engines.docker.connect import translate
from runner.errors import EngineError

WRAPPER = f"""#!/bin/sh
LD_LIBRARY_PATH={FILES}/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}} exec {FILES}/bin/server/psql "$@"
"""

IN_BASE = "ld-linux|libc|libm|libresolv|libtinfo|libreadline|libssl|libcrypto|libz|libzstd"
"""Libraries that every container has: Debian's base needs them for Python and dpkg."""

SCRIPT = r"""
program=$(readlink -f "$(command -v psql)")
case $program in */pg_wrapper) program=$(ls /usr/lib/postgresql/*/bin/psql) ;; esac
ldd "$program" | awk -v in_base="^($0)[.-]" '$3 ~ "^/" && $1 !~ in_base { print $3 }' |
    xargs tar --create --dereference --absolute-names --transform 's,.*/,lib/,;s,^lib/psql$,bin/server/psql,' "$program"
"""
"""Writes a tar file."""


def read_psql(api: APIClient, container: str) -> Mapping[str, bytes]:
    """The program and the libraries it needs, as `runner.engines.protocol.Server.read_psql` says.

    Raises:
        EngineError: the container has no psql, or the engine could not read it.
    """
    with translate("cannot take psql out of the Postgres container"):
        process = api.exec_create(container, ["sh", "-c", SCRIPT, IN_BASE])["Id"]
        content, complaints = api.exec_start(process, demux=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(content or b"")) as archive:
            found = {each.name: file.read() for each in archive if (file := archive.extractfile(each))}
    except tarfile.TarError:
        found = {}
    if "bin/server/psql" not in found:
        reason = (complaints or b"").decode(errors="replace").strip()
        raise EngineError("cannot take psql out of the Postgres container", reason or "its copy is not whole")
    return {**found, "bin/psql": WRAPPER.encode()}
