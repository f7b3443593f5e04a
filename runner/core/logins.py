"""Who may log in to a run's server, and where: read from what the server itself says. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from runner.core.backends import SUPERUSER
from runner.core.names import is_slot
from runner.core.settings_postgres import SUITE_DATABASE
from runner.core.slot_names import SLOT, make_finder
from runner.errors import SettingsError


@dataclass(frozen=True)
class Logins:
    """The roles that may log in, and the databases that take sessions.

    Attributes:
        roles: their names.
        databases: their names.
        user: the setting `postgres.user`.
        database: the setting `postgres.database`.
    """

    roles: Sequence[str]
    databases: Sequence[str]
    user: str = ""
    database: str = ""

    @property
    def slots(self) -> list[str]:
        """The slots with a role or a database of their own; none where all workers share both."""
        found = list(filter(None, map(make_finder([self.user or SLOT]), self.roles)))
        return found or list(filter(None, map(make_finder([self.database or SLOT]), self.databases)))

    @property
    def main_database(self) -> str:
        """The one that most of the slots are in, or else the superuser's own."""
        return next((each for each in (self.database, SUITE_DATABASE) if each in self.databases), SUPERUSER)

    def find(self, slot: str) -> tuple[str, str]:
        """The role and the database of a slot; without one the superuser's.

        Raises:
            SettingsError: there is no such slot.
        """
        if not slot:
            return SUPERUSER, self.main_database
        if slot in self.slots:
            return self._fill(self.user, slot, self.roles), self._fill(self.database, slot, self.databases)
        shared = self.user or SUITE_DATABASE
        if not self.slots and is_slot(slot) and shared in self.roles:
            return shared, self.main_database
        if not self.slots:
            raise SettingsError(f"no slot `{slot}`", "the run has none yet, or its workers share one database")
        raise SettingsError(f"no slot `{slot}`", hint=f"there are {', '.join(self.slots)}")

    @staticmethod
    def _fill(template: str, slot: str, there: Sequence[str]) -> str:
        """A name for a slot; without a template the slot's own where there is one, else that of all."""
        return template.format(slot=slot) if template else slot if slot in there else SUITE_DATABASE

    def describe(self) -> str:
        """Which slots there are, for a person who is logged in as the superuser."""
        if not self.slots:
            is_shared = (self.user or SUITE_DATABASE) in self.roles
            return (
                f"all workers share the database `{self.main_database}`" if is_shared else "no slot has been made yet"
            )
        is_own = self.find(self.slots[0])[1] != SUITE_DATABASE
        kind = "databases of their own" if is_own else f"schemas of `{SUITE_DATABASE}`"
        return f"slots: {', '.join(self.slots)} ({kind}); `--slot {self.slots[0]}` logs in as that one's worker"
