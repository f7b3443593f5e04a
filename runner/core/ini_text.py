"""Files in INI format, such as setup.cfg, tox.ini and alembic.ini. Pure."""

from collections.abc import Mapping
from configparser import ConfigParser, Error
from typing import Any


def read_sections(text: Any) -> Mapping[str, Mapping[str, str]]:
    """The sections of a file, `DEFAULT` too, their values as they stand there; none where it cannot be read."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text if isinstance(text, str) else "")
    except Error:
        return {}
    return {name: dict(parser[name]) for name in parser}
