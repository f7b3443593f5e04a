"""Who may log in to a run's server, and where: read from what the server itself says. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from runner.core.backends import SUPERUSER
from runner.core.names import is_slot
from runner.core.slots import SUITE_DATABASE
from runner.errors import SettingsError


@dataclass(frozen=True)
class Logins:
    """The roles that may log in, and the databases that take sessions."""

    roles: Sequence[str]
    databases: Sequence[str]

    @property
    def slots(self) -> list[str]:
        """The slots with a role of their own; none where all workers share one."""
        return [role for role in self.roles if is_slot(role)]

    @property
    def main_database(self) -> str:
        """The one that most of the slots are in, or else the superuser's own."""
        return SUITE_DATABASE if SUITE_DATABASE in self.databases else SUPERUSER

    def find(self, slot: str) -> tuple[str, str]:
        """The role and the database of a slot; without one the superuser's.

        Raises:
            SettingsError: there is no such slot.
        """
        if not slot:
            return SUPERUSER, self.main_database
        if slot in self.slots:
            return slot, slot if slot in self.databases else SUITE_DATABASE
        if not self.slots and is_slot(slot) and SUITE_DATABASE in self.roles:
            return SUITE_DATABASE, SUITE_DATABASE
        if not self.slots:
            raise SettingsError(f"no slot `{slot}`", "the run has none yet, or its workers share one database")
        raise SettingsError(f"no slot `{slot}`", hint=f"there are {', '.join(self.slots)}")

    def describe(self) -> str:
        """Which slots there are, for a person who is logged in as the superuser."""
        if not self.slots:
            is_shared = SUITE_DATABASE in self.roles
            return f"all workers share the database `{SUITE_DATABASE}`" if is_shared else "no slot has been made yet"
        kind = "databases of their own" if self.slots[0] in self.databases else f"schemas of `{SUITE_DATABASE}`"
        return f"slots: {', '.join(self.slots)} ({kind}); `--slot {self.slots[0]}` logs in as that one's worker"
