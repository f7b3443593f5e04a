"""The database of CI's server, where the tests have its name in their text and no address around it. Pure."""

from runner.core.detection.database import ADDRESS, find_part, find_variables
from runner.core.detection.services import CI_FILES, list_services
from runner.core.snapshot import Detected, Finding, Snapshot, dig_table, is_test
from runner.core.sql_texts import list_sql

ANYTHING = frozenset({"postgres", "test", "tests", "testing", "main", "default", "public", "data", "app", "db"})
"""Names that a text of the tests may also mean something else by."""


def settle_names(snapshot: Snapshot, detected: Detected) -> Detected:
    """What detectors found, with the name of CI's database where tests connect to it and nothing leads elsewhere."""
    if dig_table(detected.settings, "postgres").get("database") or leads_elsewhere(snapshot):
        return detected
    services = [each for each in list_services(snapshot) if CI_FILES.search(each.where)]
    names = dict.fromkeys(each.names["database"] for each in services if "database" in each.names)
    for name in names:
        if name not in ANYTHING and (where := find_text(snapshot, name)):
            findings = (
                Finding("database", f"fixed: `{name}`, as CI's server has it", where),
                Finding("isolation", "server: the same name for every worker", where),
            )
            return detected | Detected(findings, {"isolation": "server", "postgres": {"database": name}})
    return detected


def leads_elsewhere(snapshot: Snapshot) -> bool:
    """Whether a variable tells the code which database to take."""
    return any(ADDRESS.fullmatch(name) or find_part(name) == "{dbname}" for name in find_variables(snapshot))


def find_text(snapshot: Snapshot, name: str) -> str:
    """The first place in the tests with a text that is the name and nothing else."""
    for path, text in snapshot.python_files():
        if is_test(path):
            for found, line in list_sql(path, text):
                if found == name:
                    return f"{path}:{line}"
    return ""
