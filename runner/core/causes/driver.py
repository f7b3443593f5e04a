"""Known causes: the driver in an address is another one than the code wants. Pure."""

import re
from collections.abc import Sequence

from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule, say
from runner.core.detection.database import ADDRESS_PARTS, PLAIN
from runner.core.detection.drivers import ROUNDS

TOML_ENVIRONMENT = "[tool.runner.environment]"


def diagnose_driver(hit: Hit) -> Diagnosis | None:
    """SQLAlchemy looked for a driver that is not installed, since the address names another, or none."""
    packages = " ".join(hit.facts.snapshot.texts.values())
    drivers = [each for each in ("psycopg2", "psycopg", "asyncpg", "pg8000") if each != hit["module"]]
    has = next((each for each in drivers if re.search(rf"\b{each}\b", packages)), "")
    if not has or "sqlalchemy" not in (hit.symptom.text + packages).lower():
        return None
    return tell_driver(hit, f"SQLAlchemy looked for `{hit['module']}`, which an address without a driver means", has)


def tell_driver(hit: Hit, what: str, driver: str) -> Diagnosis:
    """The address as it should be, in the variable that the project reads."""
    names = [each for each in hit.facts.settings.environment if "://" in hit.facts.settings.environment[each]]
    name = (names or ["DATABASE_URL"])[0]
    start = f"postgresql+{driver}://" if driver else PLAIN
    return Diagnosis("driver", what, (TOML_ENVIRONMENT, f'{name} = "{start}{ADDRESS_PARTS}"'))


PLAIN_WANTED = (TOML_ENVIRONMENT, f'DATABASE_URL = "{PLAIN}{ADDRESS_PARTS}"')
ASYNC_WANTED = (TOML_ENVIRONMENT, f'DATABASE_URL = "postgresql+asyncpg://{ADDRESS_PARTS}"')


def escape(lines: Sequence[str]) -> list[str]:
    """Lines with placeholders of their own, for `say`."""
    return [line.replace("{", "{{").replace("}", "}}") for line in lines]


RULES: Sequence[Rule] = (
    rule(
        r"The asyncio extension requires an async driver.*?'(?P<driver>\w+)' is not async",
        say("driver", "an asynchronous engine got an address with the driver `{driver}`", *escape(ASYNC_WANTED)),
    ),
    rule(
        r"MissingGreenlet\b",
        say("driver", "code without `await` got an address with an asynchronous driver", *escape(PLAIN_WANTED)),
    ),
    rule(
        r"(?:invalid dsn: missing \"=\" after|invalid connection option|invalid DSN: scheme is expected)"
        r".*\"?(?P<scheme>postgres(?:ql)?\+\w+)",
        say("driver", "an address with SQLAlchemy's `{scheme}` was given to a driver itself", *escape(PLAIN_WANTED)),
    ),
    rule(
        r"Can't load plugin: sqlalchemy\.dialects:postgres\b(?!ql)",
        say("driver", "SQLAlchemy does not know the old scheme `postgres://`", *escape(PLAIN_WANTED)),
    ),
    rule(r"No module named '(?P<module>psycopg2?)'", diagnose_driver),
    rule(
        r"must not be < 4096",
        say(
            "driver",
            "pg8000 takes no fewer rounds of a password's hashing than 4096, and a run has one",
            "[tool.runner.postgres.settings]",
            f"scram_iterations = {ROUNDS}",
        ),
    ),
)
