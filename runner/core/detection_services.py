"""The Postgres of a project's CI and Compose files: version, extensions, and the variables that lead there. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.core.addresses import URL, WORD, find_address, is_fixed, make_list_template
from runner.core.detection_database import LISTS, OTHERS, find_part
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

DEFAULT_VERSION = "17"
ORDERED = ("13", "15", "17", "18")
"""Versions that Debian has; others need a line of apt's sources in `mirrors`."""

REFERENCE = re.compile(r"\$\{\{.*?\}\}")
"""What GitHub fills in."""

ENVIRONMENTS = ("env", "environment", "variables")
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
    detected = Detected()
    for each in services[:1]:
        detected |= Detected((Finding("Postgres", describe(each), each.where),))
        version, note = choose_version(each.versions)
        postgres: dict[str, Any] = {"version": int(version)} if version not in {"", DEFAULT_VERSION} else {}
        detected |= Detected((), {"postgres": postgres} if postgres else {}, (note,) if note else ())
    for each in services:
        if each.extension:
            found = Finding("extensions", each.extension, each.where)
            detected |= Detected((found,), {"postgres": {"extensions": [each.extension]}})
    return detected | detect_variables(snapshot)


def list_services(snapshot: Snapshot) -> list[Service]:
    """The Postgres of each file, those of CI first: they are what the tests are known to pass with."""
    paths = [path for path in sorted(snapshot.texts) if CI_FILES.search(path)]
    paths += [path for path in sorted(snapshot.texts) if COMPOSE_FILES.search(path)]
    return [each for path in paths for each in find_services(path, read_yaml(snapshot.texts[path]))]


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


def choose_version(versions: tuple[str, ...]) -> tuple[str, str]:
    """The version to take, and a note where it is none of those asked for; the default where it is one of them."""
    had = [each for each in versions if each in ORDERED]
    if not versions or DEFAULT_VERSION in had:
        return "", ""
    if had:
        return max(had, key=int), ""
    asked = " and ".join(versions)
    return "", (
        f"Postgres {asked} is not in Debian; {DEFAULT_VERSION} is taken."
        " `postgres.version` sets another, with a line of apt's sources for it in `mirrors`"
    )


def describe(service: Service) -> str:
    """A service in words."""
    names = ", ".join(f"{key} `{value}`" for key, value in service.names.items() if key != "password")
    return f"image `{service.image}`" + (f" with {names}" if names else "")


def detect_variables(snapshot: Snapshot) -> Detected:
    """The variables with an address, or a part of one, that the CI files give to the tests."""
    detected = Detected()
    for path in sorted(snapshot.texts):
        if not CI_FILES.search(path):
            continue
        for table in walk(read_yaml(snapshot.texts[path])):
            # What a service's own image is given is not for the tests.
            if IMAGE.search(str(table.get("image", ""))):
                continue
            pairs = {name: text for key in ENVIRONMENTS for name, text in read_pairs(table.get(key)).items()}
            for name, text in pairs.items():
                if template := make_template(name, text):
                    found = Finding("database", f"`{name}` = {template}", path)
                    known = VARIABLES.get(name) == template
                    detected |= Detected((found,), {} if known else {"environment": {name: template}})
    return detected


def make_template(name: str, text: str) -> str:
    """What a variable has to hold, in the form that CI gives it; empty where it is none of the database's."""
    if OTHERS.search(name):
        return ""
    if LISTS.fullmatch(name) and "://" in text:
        return make_list_template(text)
    if URL.match(text) or WORD.match(text):
        address = find_address(REFERENCE.sub("x", text))
        return address.template if address else ""
    return find_part(name) if is_fixed(text) else ""
