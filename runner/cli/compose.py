"""`runner compose`: the environment as a Compose file, for people who live in Compose."""

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli.main import app
from runner.cli.options import ConfigOption, JsonOption, ProjectOption
from runner.errors import SettingsError
from runner.project.load import Project

if TYPE_CHECKING:
    from runner.core.settings import Settings

OUTPUT = Path("compose/environment.yaml")


@app.command("compose")
def compose(
    project: ProjectOption = Path(),
    config: ConfigOption = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The Compose file, within the project.")
    ] = OUTPUT,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the file is what the settings make; writes nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the environment as a Compose file, build its images, and name them in `.env` beside it."""
    from runner.cli.loading import load
    from runner.core.compose import make_compose_file
    from runner.project.compose_files import is_current, write_files

    found, sourced = load(project, config)
    path = (found.folder / output).resolve()
    if not path.is_relative_to(found.folder):
        raise SettingsError(f"`{output}` is outside the project", f"the project is `{found.folder}`")
    name = path.relative_to(found.folder).as_posix()
    services = find_services(found.folder / sourced.settings.services) if sourced.settings.services else {}
    text = make_compose_file(found.name, sourced.settings, name, services)
    current = is_current(path, text)
    if check and not current:
        raise SettingsError(f"`{name}` is not what the settings make", hint="`runner compose` writes it again")
    if not check:
        write_files(path, text, make_env(found, sourced.settings))
    say = f"{name} is up to date" if current else f"{name} written"
    print(json.dumps({"file": str(path), "changed": not current}) if as_json else say)


def find_services(file: Path) -> dict[str, str]:
    """How the suite waits for each of the project's own services."""
    from runner.core.compose import find_conditions
    from runner.engines.docker.compose import Compose

    def ignore(_: object) -> None:
        """Nothing takes long here."""

    return find_conditions(Compose(file, "services", {}, ignore).read(ignore))


def make_env(project: Project, settings: "Settings") -> str:
    """The text of `.env`; builds the images that are missing."""
    from runner.cli.loading import make_run, open_engine
    from runner.core.compose import make_dot_env
    from runner.interrupts import Interrupts
    from runner.report.console import Console

    console = Console(sys.stderr)
    engine = open_engine(project, settings, make_run())
    try:
        with Interrupts() as interrupts:

            def progress(text: str) -> None:
                interrupts.check()
                if text:
                    console.show_progress(text)

            engine.ensure_images(True, progress)
        return make_dot_env(engine.image_variables, secrets.token_hex(16))
    finally:
        engine.remove_run()
