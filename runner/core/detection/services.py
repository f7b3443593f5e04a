"""The Postgres of a project's CI and Compose files: version, extensions, and the variables that lead there. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.addresses import URL, WORD, find_address, is_fixed, make_list_template
from runner.core.detection.database import LISTS, OTHERS, WORDS, find_part
from runner.core.matrices import ENVIRONMENTS, list_given
from runner.core.settings_postgres import DEFAULT_VERSION
from runner.core.slots import VARIABLES
from runner.core.snapshot import Detected, Finding, Snapshot, dig
from runner.core.yaml_reading import read_pairs, read_yaml, walk

CI_FILES = re.compile(
    r"(^|/)(\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|\.circleci/config\.ya?ml|\.woodpecker\.ya?ml)$"
)
COMPOSE_FILES = re.compile(r"(^|/)(?:docker-)?compose[^/]*\.ya?ml$")
IMAGE = re.compile(
    r"(?:^|/)(?P<name>postgres(?:ql)?|postgis|pgvector|timescaledb(?:-ha)?)(?::(?P<tag>[^@\s]+))?(?:@|$)"
)
EXTENSIONS = {"postgis": "postgis", "pgvector": "pgvector"}
"""Images that are Postgres with an extension."""

OLDER = ("13", "15")
"""Versions that Debian's earlier releases have; others need a line of apt's sources in `mirrors`."""

REFERENCE = re.compile(r"\$\{\{.*?\}\}")
"""What GitHub fills in."""

DATABASE_NAME = re.compile(rf"{WORDS}|DSN|SQL")
"""What the name of a variable for the tests has in it; `URL` alone is for a script of CI's own."""

NAMES = {"POSTGRES_USER": "user", "POSTGRES_PASSWORD": "password", "POSTGRES_DB": "database"}
NAMES |= {name.replace("POSTGRES_", "POSTGRESQL_"): key for name, key in NAMES.items()}


@dataclass(frozen=True)
class Service:
    """A Postgres as a file has it.

    Attributes:
        where: the file.
        image: as it is written, references to a matrix resolved.
        versions: major versions, as texts.
        names: user, password and database, as far as they are set.
        extension: what the image brings; empty for none.
    """

    where: str
    image: str
    versions: tuple[str, ...]
    names: Mapping[str, str]
    extension: str = ""


def detect_services(snapshot: Snapshot) -> Detected:
    """Version, extensions and variables of the Postgres that CI, or else Compose, has."""
    services = list_services(snapshot)
    seen = [Finding("Postgres", describe(each), each.where) for each in services]
    detected = Detected(tuple(dict.fromkeys(seen)))
    version, note = choose_version([each for service in services for each in service.versions])
    detected |= Detected((), {"postgres": {"version": int(version)}} if version else {}, (note,) if note else ())
    for each in services:
        if each.extension:
            found = Finding("extensions", each.extension, each.where)
            detected |= Detected((found,), {"postgres": {"extensions": [each.extension]}})
    return detected | detect_variables(snapshot)


def list_services(snapshot: Snapshot) -> list[Service]:
    """The Postgres of each CI file, with which the tests are known to pass; of Compose files only where CI has none."""
    for kind in (CI_FILES, COMPOSE_FILES):
        paths = [path for path in sorted(snapshot.texts) if kind.search(path)]
        if found := [each for path in paths for each in find_services(path, read_yaml(snapshot.texts[path]))]:
            return found
    return []


def find_services(path: str, document: Any) -> Iterator[Service]:
    """Each Postgres in one file, at whatever depth it stands there."""
    outer = read_pairs(dig(document, "variables"))
    for table in walk(document):
        images = [table.get("image"), table.get("name")]
        # GitLab's short form is a list of images.
        services = table.get("services")
        images += services if isinstance(services, list) else []
        pairs = outer | {name: text for key in ENVIRONMENTS for name, text in read_pairs(table.get(key)).items()}
        for image in [each for each in images if isinstance(each, str)]:
            resolved, versions = resolve(image, document)
            if match := IMAGE.search(resolved):
                names = {key: pairs[name] for name, key in NAMES.items() if is_fixed(pairs.get(name, ""))}
                found = versions or tuple(re.findall(r"(?<![\d.])(?:pg)?(\d\d)(?!\d)", match["tag"] or "")[:1])
                yield Service(path, resolved, found, names, EXTENSIONS.get(match["name"], ""))


def resolve(image: str, document: Any) -> tuple[str, tuple[str, ...]]:
    """An image whose tag comes from a matrix of GitHub's, with the major versions that the matrix has."""
    reference = re.search(r"\$\{\{\s*matrix\.([\w-]+)(?:\.[\w-]+)?\s*\}\}", image)
    if reference is None:
        return image, ()
    lists = (each[reference[1]] for each in walk(document) if isinstance(each.get(reference[1]), list))
    values: list[Any] = next(lists, [])
    texts = [str(each) for each in values if isinstance(each, str | int | float)]
    versions = [match[1] for each in texts if (match := re.search(r"(?<![\d.])(\d\d)(?![\d])", each))]
    whole = image.replace(reference[0], texts[-1] if texts else "")
    return whole, tuple(dict.fromkeys(versions))


def choose_version(versions: Sequence[str]) -> tuple[str, str]:
    """The version to take, empty for the default, and a note where it is none of those asked for."""
    older = [each for each in versions if each in OLDER]
    if not versions or DEFAULT_VERSION in versions or older:
        return ("" if DEFAULT_VERSION in versions else max(older, default="")), ""
    asked = " and ".join(dict.fromkeys(versions))
    how = (
        "`postgres.version = 18` takes it from Debian's unstable release"
        if "18" in versions
        else f'`postgres.image = "postgres:{max(versions)}"` takes it from a registry'
    )
    return "", f"CI has Postgres {asked}, a run {DEFAULT_VERSION}; {how}"


def describe(service: Service) -> str:
    """A service in words."""
    names = ", ".join(f"{key} `{value}`" for key, value in service.names.items() if key != "password")
    return f"image `{service.image}`" + (f" with {names}" if names else "")


def detect_variables(snapshot: Snapshot) -> Detected:
    """The variables with an address, or a part of one, that the CI files give to the tests."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(path for path in snapshot.texts if CI_FILES.search(path)):
        document = read_yaml(snapshot.texts[path])
        for table in walk(document):
            # What a service's own image is given is not for the tests.
            if IMAGE.search(REFERENCE.sub("x", str(table.get("image", "")))):
                continue
            for name, text in list_given(table, document):
                # Jobs differ in what they leave to the environment; the one that says most is the one to follow.
                if (template := make_template(name, text)) and template.count("{") > found.get(name, ("", ""))[0].count(
                    "{"
                ):
                    found[name] = (template, path)
    detected = Detected()
    for name, (template, path) in found.items():
        detected |= give_variable(name, template, path)
    return detected


def give_variable(name: str, template: str, where: str) -> Detected:
    """A variable with an address; one whose database the suite names itself is of a database that it makes, too."""
    if VARIABLES.get(name) == template:
        return Detected()
    detected = Detected((Finding("database", f"`{name}` = {template}", where),), {"environment": {name: template}})
    if "{{}}" not in template.partition("?")[0]:
        return detected
    found = Finding("isolation", "none: the tests make databases with names of their own", where)
    return detected | Detected((found,), {"isolation": "none", "rights": ["createdb"]})


def make_template(name: str, text: str) -> str:
    """What a variable has to hold, in the form that CI gives it; empty where it is none of the database's."""
    if OTHERS.search(name):
        return ""
    if LISTS.fullmatch(name) and "://" in text:
        return make_list_template(text)
    if DATABASE_NAME.search(name) and (URL.match(text) or WORD.match(text)):
        address = find_address(REFERENCE.sub("x", text))
        return address.template if address else ""
    return find_part(name) if is_fixed(text) else ""
