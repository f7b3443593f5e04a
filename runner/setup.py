"""The `setup` of a project: run once into the template, or loaded from the snapshot of an earlier run."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runner.core.groups import Isolation
from runner.core.script import Script, make_snapshot_key, parse_script, subtract
from runner.core.settings import Settings
from runner.core.slots import TEMPLATE
from runner.engines.protocol import Engine, Server
from runner.errors import NotReadyError, PostgresError, SettingsError
from runner.project.init_sql import read_init_sql
from runner.project.inputs import read_matching
from runner.report.results import Snapshots

if TYPE_CHECKING:
    # psycopg takes 0.2 s to import, and whether there is something to do is asked before it is needed.
    from runner.postgres.origin import Origin
    from runner.postgres.template import Template

RunCommand = Callable[[list[str]], int | None]
"""Runs a command in the suite container; its exit code, or None when the time limit was reached."""


class Setup:
    """What makes the template of a stage's slots."""

    def __init__(
        self, settings: Settings, isolation: Isolation, engine: Engine, folder: Path, environ: Mapping[str, str]
    ) -> None:
        """Look for a snapshot.

        Args:
            settings: the run's.
            isolation: what a slot is.
            engine: its images are part of a snapshot's key.
            folder: the project's.
            environ: the caller's environment; a `CI` in it starts from nothing.

        Raises:
            SettingsError: a pattern of `setup_inputs` matches nothing, or a command cannot be read.
        """
        self._settings = settings
        self._isolation = isolation
        self._folder = folder
        for command in settings.setup:
            if not self._is_sql(command):
                split(command)
        inputs = read_matching(folder, [*settings.setup_inputs, *filter(self._is_sql, settings.setup)])
        own = [f"{name}={text}" for name, text in sorted(settings.environment.items())]
        init = [*read_init_sql(folder, settings.postgres.init_sql).values()]
        around = [isolation, engine.image, engine.postgres_image, *own, *init]
        is_known = settings.setup_inputs or all(map(self._is_sql, settings.setup))
        self.key = make_snapshot_key(settings.setup, inputs, around) if is_known else ""
        self._snapshots = Snapshots(folder / settings.results)
        is_wanted = settings.snapshots == "always" or (settings.snapshots == "auto" and not environ.get("CI"))
        text = self._snapshots.read(self.key) if self.key and is_wanted else None
        self.snapshot = parse_script(text) if text is not None else None

    @property
    def must_run(self) -> bool:
        """Whether commands have to run."""
        return self.snapshot is None

    def make_script(self, template: "Template | Origin", server: Server, run: RunCommand) -> Script:
        """What each slot starts with, after the template was made where one is needed.

        Args:
            template: not made yet.
            server: dumps the template.
            run: runs a command with the template's address in its environment.

        Raises:
            PostgresError: a command failed, or made what cannot be copied.
        """
        in_schema = self._isolation == "schema"
        if self.snapshot is not None:
            if not in_schema:
                template.make(self.snapshot)
            return self.snapshot
        template.open()
        for command in self._settings.setup:
            self._do(command, template, run)
        preamble = template.close().preamble
        body = server.dump(template.name, (TEMPLATE,) if in_schema else ())
        if not (in_schema or template.base.is_empty):
            # Clones have it already, and of another owner.
            body = subtract(body, server.dump(template.base.name))
        script = Script(preamble, body)
        if self.key and template.is_whole:
            self._snapshots.keep(self.key, script.as_text())
        return script

    def _is_sql(self, command: str) -> bool:
        """Whether a command is a file of SQL."""
        return command.endswith(".sql") and (self._folder / command).is_file()

    def _do(self, command: str, template: "Template | Origin", run: RunCommand) -> None:
        if self._is_sql(command):
            template.run(command, (self._folder / command).read_bytes())
            return
        code = run(split(command))
        if code is None:
            limit = f"{self._settings.timeout:g} s (`timeout`)"
            raise NotReadyError(f"`{command}` (`setup`) did not end within {limit}", hint="raise the limit")
        if code != 0:
            raise PostgresError(
                f"`{command}` (`setup`) ended with the exit code {code}",
                "its output is above, and in the results: `suite.log`",
                "`setup` runs in the suite container, with the variables of a test; `runner explain` knows causes",
            )


def split(command: str) -> list[str]:
    """The words of a command, as a shell has them.

    Raises:
        SettingsError: a quote is not closed, there is no word, or it is a file of SQL that is not there.
    """
    try:
        words = shlex.split(command)
        if not words:
            raise ValueError("it is empty")
        if len(words) == 1 and command.endswith(".sql"):
            raise ValueError("no such file")
        return words
    except ValueError as error:
        raise SettingsError(f"setting `setup` is not valid: `{command}`", str(error).lower()) from None
