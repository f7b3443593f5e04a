"""What a Pipfile asks for. Pure."""

import tomllib
from collections.abc import Mapping
from typing import Any

from runner.core.snapshot import dig_list, dig_table


def read_pipfile(texts: Mapping[str, str]) -> Mapping[str, Any]:
    """A Pipfile's tables; none where it is no TOML."""
    try:
        return tomllib.loads(texts.get("Pipfile", ""))
    except tomllib.TOMLDecodeError:
        return {}


def list_pipfile(tables: Mapping[str, Any]) -> list[str]:
    """What a Pipfile without a lock asks for beside the project, as requirements; what no index has is left out."""
    named = {**dig_table(tables, "packages"), **dig_table(tables, "dev-packages")}
    return [line for name, value in named.items() if (line := write_requirement(name, value))]


def write_requirement(name: str, value: Any) -> str:
    """One entry of a Pipfile; empty for a folder, a repository or an address."""
    table = value if isinstance(value, Mapping) else {"version": value}
    version = table.get("version", "*")
    if not isinstance(version, str) or not table.keys() <= {"version", "extras", "markers", "index"}:
        return ""
    extras = f"[{','.join(map(str, dig_list(table, 'extras')))}]" if table.get("extras") else ""
    marker = f"; {table['markers']}" if table.get("markers") else ""
    return f"{name}{extras}{'' if version == '*' else version}{marker}"
