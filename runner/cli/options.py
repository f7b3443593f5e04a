"""Options that several commands share.

The commands import what they call inside their functions: `runner --help` then needs no more than Typer.
"""

from pathlib import Path
from typing import Annotated

import typer

ProjectOption = Annotated[
    Path, typer.Option("--project", "-C", metavar="FOLDER", help="The project's folder.", show_default="here")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
