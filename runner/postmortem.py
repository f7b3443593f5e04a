"""A post-mortem as a shell: the environment of a failed test, in the state in which it failed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from runner.core.events import Listener
from runner.core.failure import STATE
from runner.core.names import MASTER
from runner.core.passes import Pass, Stage
from runner.core.plan import Plan
from runner.core.postmortem import NOTHING_KEPT, ONE_DATABASE, RERUN, choose_clean_slot, make_notes, make_story
from runner.core.slots import ORDER
from runner.engines.protocol import Engine
from runner.errors import ImageError
from runner.personal import PersonalEnvironment
from runner.report.failures import Kept
from runner.shelling import ShellSession, Wish
from runner.surroundings import Surroundings
from runner.terminal import Terminal

SHOWN = ("traceback.txt", "statements.log", "output.txt", "environment.json")
"""Files of a kept state that the person in the environment can read there."""


@dataclass(frozen=True)
class Case:
    """A kept failure.

    Attributes:
        kept: its state.
        run: the id of its run.
        image: the name of the suite image in which it failed.
        architecture: of the engine that had it.
    """

    kept: Kept
    run: str
    image: str
    architecture: str


class PostMortem(ShellSession):
    """A shell in the slot of a failed test, beside a clean one."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        around: Surroundings,
        listeners: Sequence[Listener],
        wish: Wish,
        terminal: Terminal,
        case: Case,
    ) -> None:
        super().__init__(plan, engine, around, listeners, wish, terminal)
        self._case = case
        self._slot, self._is_pinned = case.kept.failure.slot or MASTER, True

    def _ensure_images(self, check: Callable[[], None]) -> None:
        case, architecture = self._case, self._engine.architecture
        if case.architecture != architecture:
            cause = f"it is of the architecture `{case.architecture}`, this engine of `{architecture}`"
            hint = f"set `DOCKER_HOST` to an engine of `{case.architecture}`"
            raise ImageError(f"cannot have the image of the run `{case.run}`", cause, hint)
        self._engine.use_suite(case.image)
        super()._ensure_images(check)

    def _is_early(self, environment: PersonalEnvironment) -> bool:  # noqa: ARG002 -- what was restored is told first
        return False

    def _furnish(self, environment: PersonalEnvironment, stage: Stage) -> None:
        """Restore the state, and make ready to run the test again."""
        kept, first = self._case.kept, stage.passes[0]
        remarks: list[str] = []
        clean, is_kept = choose_clean_slot(self._slot), STATE in kept.scripts
        with self._steps.step("state") as step:
            if first.needs.database:
                environment.make_slot(self._slot)
                environment.make_slot(clean)
                remarks += environment.revive(kept.failure, kept.scripts) if is_kept else [NOTHING_KEPT]
            step["note"] = f"restored into the slot {self._slot}" if is_kept else "no database was kept"
        if stage.isolation == "none" and first.needs.database:
            remarks.append(ONE_DATABASE)
        calls = {
            "clean": self._make_call(environment, first, clean),
            "here": self._make_call(environment, first, self._slot),
        }
        texts = {name: kept.read(name) for name in SHOWN}
        environment.put_files(
            {
                "bin/rerun": RERUN.encode(),
                ORDER: json.dumps([kept.failure.test]).encode(),
                **{f"rerun/{name}.json": json.dumps(call).encode() for name, call in calls.items()},
                **{f"failure/{name}": text.encode() for name, text in texts.items() if text},
            }
        )
        notes = make_notes(kept.failure, remarks)
        if not self._wish.command:
            notes = make_story(kept.failure, texts, self._case.run, str(kept.folder), notes)
        for line in notes:
            self._steps.tell("banner", text=line)

    def _make_call(self, environment: PersonalEnvironment, each: Pass, slot: str) -> dict[str, object]:
        """What `rerun` does in a slot."""
        test = self._case.kept.failure.test
        plan = replace(self._plan, order=(test,))
        _, variables = environment.make_shell_variables(each, slot, plan, is_pinned=True)
        own = slot if each.needs.database else ""
        return {"slot": own, "test": test, "environment": variables, "args": [f"./{test.partition('::')[0]}"]}
