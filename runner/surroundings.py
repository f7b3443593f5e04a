"""What a run touches of the process around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.streams import Sink


@dataclass(frozen=True)
class Surroundings:
    """The caller's side of a run.

    Attributes:
        environ: the caller's environment.
        folder: the project's.
        results: the folder for result files.
        show: takes the suite's output.
        colour: whether the suite's output may have colours.
        columns: width of the terminal, in characters.
    """

    environ: Mapping[str, str]
    folder: Path
    results: Path
    show: Sink
    colour: bool
    columns: int
