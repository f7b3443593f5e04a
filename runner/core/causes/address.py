"""Known causes: the database was looked for elsewhere. Pure."""

import re
from collections.abc import Sequence

from runner.core.causes.places import LOCAL, Address, complete, find_password, find_places, find_reads, find_variable
from runner.core.causes.services import diagnose_service, find_service, is_service_port
from runner.core.causes.symptoms import Diagnosis, Facts, Hit, Place, Rule, rule
from runner.core.detection.database import ADDRESS_PARTS, PLAIN, find_variables, make_template
from runner.core.redact import WORDS
from runner.core.skips import OF_DATABASE, VARIABLE
from runner.core.slots import VARIABLES

HERE = "127.0.0.1", "5432"
"""Where the database is for the tests (core/slots.py)."""

DRIVER = re.compile(r"postgres(?:ql)?(?:\+\w+)?://")

DRIVERS = re.compile(r"asyncpg|psycopg|pg8000|postgres", re.IGNORECASE)
"""Words of a traceback that has to do with Postgres."""

TOML_ENVIRONMENT, TOML_POSTGRES = "[tool.runner.environment]", "[tool.runner.postgres]"


def diagnose_dial(hit: Hit) -> Diagnosis | None:
    """Nobody answers at an address, or the server there knows neither user nor database."""
    address = Address(hit["host"] or hit["socket"], hit["port"], hit["user"], hit["database"])
    is_postgres = address.port.startswith("543") or DRIVERS.search(hit.symptom.text + hit.symptom.errors)
    if is_service_port(address.port) or find_service(hit.facts.snapshot, address.host) or not is_postgres:
        return diagnose_service(hit.facts, address.host, address.port, hit.symptom.groups)
    if no_database := diagnose_group(hit, address):
        return no_database
    places = find_places(hit.facts.snapshot, address)
    return tell_elsewhere(hit.facts, address, places)


def diagnose_group(hit: Hit, address: Address) -> Diagnosis | None:
    """The address is right, but the test's group is one without a database, or the whole run is."""
    settings = hit.facts.settings
    groups = [name for name in hit.symptom.groups if settings.groups[name].database is False]
    has_none = not settings.database and not any(settings.groups[name].database for name in hit.symptom.groups)
    if not (groups or has_none) or address.port not in {"", HERE[1]} or hit["user"] or hit["database"]:
        return None
    if not groups:
        what = "the run has no database, but its tests look for one"
        return Diagnosis("no-database", what, ("[tool.runner]", "database = true"))
    what = f"the group `{groups[0]}` has no database, but its tests look for one"
    return Diagnosis("no-database", what, (f"[tool.runner.groups.{groups[0]}]", "database = true"))


def tell_elsewhere(facts: Facts, address: Address, places: Sequence[Place]) -> Diagnosis:
    """Where the database was looked for, by which variable or line, and the settings that bring both together."""
    what = f"the database was looked for elsewhere: {address.as_text() or 'at another address'}"
    found = find_variable(facts.snapshot, places)
    if found and found[0] not in VARIABLES and found[0] not in facts.settings.environment:
        name, place = found
        template = make_variable(name, place, places, facts)
        shown = tuple(dict.fromkeys([place, *places]))
        what = f"{what}, the default of the variable `{name}`"
        return Diagnosis("elsewhere", what, (TOML_ENVIRONMENT, f'{name} = "{template}"'), shown)
    return Diagnosis(
        "elsewhere", what, advise_fixed(facts, complete(facts.snapshot, places, address), places), tuple(places)
    )


def make_variable(name: str, place: Place, places: Sequence[Place], facts: Facts) -> str:
    """The template for a variable: with the driver that its default has."""
    default = next((found[0] for each in (place, *places) if (found := DRIVER.search(each.text))), "")
    if default:
        return default + ADDRESS_PARTS
    return make_template(name, facts.snapshot, place.file) or PLAIN + ADDRESS_PARTS


def advise_fixed(facts: Facts, address: Address, places: Sequence[Place]) -> tuple[str, ...]:
    """Settings that bring the database to a hard-coded address, with the isolation that can have it for each worker."""
    wanted = {
        "user": address.user,
        "database": address.database,
        "host": "localhost" if address.host == "localhost" else "",
        "port": address.port if address.port not in {"", HERE[1]} else "",
        "password": show_password(facts, places),
    }
    lines = [f'{name} = "{text}"' if name != "port" else f"port = {text}" for name, text in wanted.items() if text]
    if address.host and address.host not in LOCAL and not address.host.startswith("/"):
        name = find_named_host(facts)
        return (
            "no setting gives the database another host: let the tests take the address from a variable,",
            f"such as `{name}`, which a run sets",
        )
    isolated = facts.isolation in {"server", "sandbox"} or (not facts.workers and facts.isolation == "none")
    needs = any(wanted[each] for each in ("user", "database", "port")) and not isolated
    return (
        *(
            ("[tool.runner]", 'isolation = "sandbox"  # each worker has its own server at that address')
            if needs
            else ()
        ),
        *((TOML_POSTGRES, *lines) if lines else ()),
    ) or ("let the tests take the address from `TEST_DATABASE_URL`, which a run sets",)


def find_named_host(facts: Facts) -> str:
    """The variable to name: one that the project reads already, else the run's own."""
    known = find_variables(facts.snapshot)
    return next((name for name in VARIABLES if name in known), "TEST_DATABASE_URL")


def show_password(facts: Facts, places: Sequence[Place]) -> str:
    """The password beside an address where it is no secret, else where it stands."""
    for place in places:
        if password := find_password(facts.snapshot, place):
            is_plain = len(password) < 6 or password.lower() in WORDS
            return password if is_plain else f"... as in {place.file}:{place.line}"
    return ""


REFUSED = (
    r"(?:\(?Connection refused|timeout|Connection timed out|No route to host|could not|no password supplied"
    r"|.*No such file|.*password authentication failed for user \"(?P<user>[^\"]+)\""
    r"|.*role \"(?P<role>[^\"]+)\" does not exist|.*database \"(?P<database>[^\"]+)\" does not exist|.*pg_hba)"
)


def diagnose_server(hit: Hit) -> Diagnosis | None:
    """What libpq says of a server, which may name user or database."""
    address = Address(hit["host"] or hit["socket"], hit["port"], hit["user"] or hit["role"], hit["database"])
    if no_database := diagnose_group(hit, address):
        return no_database
    return tell_elsewhere(hit.facts, address, find_places(hit.facts.snapshot, address))


def diagnose_known(hit: Hit) -> Diagnosis | None:
    """What a server says of a user or a database that it has not; the address itself is not told."""
    address = Address(user=hit["user"], database=hit["database"])
    return tell_elsewhere(hit.facts, address, find_places(hit.facts.snapshot, address))


def tell_compared(hit: Hit) -> Diagnosis:
    """A test compares a part of its address with a name of its own."""
    if hit["host"]:
        other = "localhost" if "'localhost'" in hit.found[0].rpartition("==")[2] else "127.0.0.1"
        what = f"a test compares the database's host with `{other}`"
        return Diagnosis("compared", what, (TOML_POSTGRES, f'host = "{other}"'))
    what = f"a test compares the name of its database or user with `{hit['database']}`"
    lines = (TOML_POSTGRES, f'database = "{hit["database"]}"  # or user')
    return Diagnosis("compared", what, ("[tool.runner]", 'isolation = "server"', *lines))


def diagnose_unused(hit: Hit) -> Diagnosis:
    """No test came to the database: which variables the code reads that nobody sets, or skipped tests name."""
    named = {each["name"] or each["other"]: "" for each in VARIABLE.finditer(hit.symptom.text)}
    read = {**dict.fromkeys(filter(OF_DATABASE.search, named), ""), **find_variables(hit.facts.snapshot)}
    lines, places = [], []
    for name, path in sorted(read.items()):
        template = make_template(name, hit.facts.snapshot, path) or (name in named and PLAIN + ADDRESS_PARTS)
        if template and name not in VARIABLES and name not in hit.facts.settings.environment:
            lines.append(f'{name} = "{template}"')
            places += find_reads(hit.facts.snapshot, path, name)
    if lines:
        names = ", ".join(f"`{each.partition(' = ')[0]}`" for each in lines)
        what = f"no test used the database: nobody sets {names}"
        return Diagnosis("unused", what, (TOML_ENVIRONMENT, *lines), tuple(places))
    todo = ("where no test needs one: `database = false` for their group, or `strict = false`",)
    return Diagnosis("unused", "no test used the database, and the code reads no variable that leads to one", todo)


IN_DATABASE = r"(?: \(in the database \"(?P<database>[^\"]+)\"\))?"
"""What is added to a line of the server's log, whose prefix has it (report/explaining.py)."""

RULES: Sequence[Rule] = (
    rule(r"^no test used the database that was prepared", diagnose_unused),
    rule(
        r"connection to server at \"(?P<host>[^\"]+)\"(?: \([^)]*\))?, port (?P<port>\d+) failed: " + REFUSED,
        diagnose_server,
    ),
    rule(r"connection to server on socket \"(?P<socket>/[^\"]*)/\.s\.PGSQL\.(?P<port>\d+)\" failed: ", diagnose_server),
    rule(r"could not translate host name \"(?P<host>[^\"]+)\" to address", diagnose_server),
    rule(r"failed to resolve host '(?P<host>[^']+)'", diagnose_server),
    rule(
        r"Is the server running on host \"(?P<host>[^\"]+)\"(?: \([^)]*\))? and accepting\s+"
        r"TCP/IP connections on port (?P<port>\d+)",
        diagnose_server,
    ),
    rule(r"Can't create a connection to host (?P<host>\S+) and port (?P<port>\d+)", diagnose_dial),
    rule(
        r"(?:InvalidPasswordError|FATAL|OperationalError).*"
        r"password authentication failed for user \"(?P<user>[^\"]+)\"" + IN_DATABASE,
        diagnose_known,
    ),
    rule(
        r"(?:InvalidAuthorizationSpecification(?:Error)?|FATAL): *(?:.*FATAL: *)?"
        r"role \"(?P<user>[^\"]+)\" does not exist" + IN_DATABASE,
        diagnose_known,
    ),
    rule(
        r"(?:InvalidCatalogName(?:Error)?|FATAL): *(?:.*FATAL: *)?database \"(?P<database>[^\"]+)\" does not exist",
        diagnose_known,
    ),
    rule(
        # pg8000 shows the fields of the server's message as a table.
        r"'C': '(?:28000|28P01|3D000)', 'M': '(?:(?:role|password authentication failed for user) \"(?P<user>[^\"]+)\""
        r"|database \"(?P<database>[^\"]+)\" does not exist)",
        diagnose_known,
    ),
    rule(r"Connect call failed \('(?P<host>[^']+)', (?P<port>\d+)", diagnose_dial),
    rule(
        r"^(?:AssertionError: )?assert .*'(?:gw\d+|suite|master)'.*== '(?P<database>\w+)'|^(?:AssertionError: )?assert "
        r"'(?P<host>127\.0\.0\.1|localhost)' == '(?:127\.0\.0\.1|localhost)'",
        tell_compared,
        compares=True,
    ),
)
