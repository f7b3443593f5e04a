"""Known causes: a service that the tests dial is not there. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from runner.core.causes.places import LOCAL, Address, find_places, find_variable
from runner.core.causes.symptoms import Diagnosis, Facts, Hit, Rule, rule
from runner.core.snapshot import Snapshot


class Service(NamedTuple):
    """A service by its usual port: what people call it, and an image of it."""

    name: str
    image: str


PORTS = {
    "6379": Service("Redis", "redis:7"),
    "3306": Service("MySQL", "mysql:8"),
    "27017": Service("MongoDB", "mongo:7"),
    "5672": Service("RabbitMQ", "rabbitmq:3"),
    "9200": Service("Elasticsearch", "elasticsearch:8.15.0"),
    "11211": Service("Memcached", "memcached:1.6"),
    "9092": Service("Kafka", "apache/kafka:3.8.0"),
    "9000": Service("MinIO", "minio/minio"),
    "4566": Service("LocalStack", "localstack/localstack:3"),
    "8123": Service("ClickHouse", "clickhouse/clickhouse-server:24"),
    "9042": Service("Cassandra", "cassandra:5"),
    "8500": Service("Consul", "hashicorp/consul:1.19"),
    "6333": Service("Qdrant", "qdrant/qdrant:v1.11.0"),
    "7687": Service("Neo4j", "neo4j:5"),
    "1025": Service("a mail catcher", "axllent/mailpit"),
    "4222": Service("NATS", "nats:2"),
}
"""Ports as each project's documentation has them."""

PUBLIC = re.compile(r"(?:[\w-]+\.)+(?!local$|internal$|test$|localdomain$)[a-z]{2,}")
"""A host of the Internet, by its name."""

COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose[^/]*\.ya?ml$")
IMAGE = re.compile(r"^\s+image:\s*[\"']?(\S+?)[\"']?\s*$")
KEY = re.compile(r"^(?P<indent> {2}|\t| {4})(?P<name>[\w.-]+):\s*(?:#.*)?$")


def is_service_port(port: str) -> bool:
    """Whether a port is one of another service's than Postgres."""
    return port in PORTS


def find_service(snapshot: Snapshot, host: str) -> str:
    """The Compose file that has a service of this name which is no Postgres; empty where there is none."""
    for path, text in sorted(snapshot.texts.items()):
        if COMPOSE.search(path) and host in (services := read_services(text)) and "postg" not in services[host]:
            return path
    return ""


def read_services(text: str) -> dict[str, str]:
    """The services of a Compose file with their images, as far as lines tell them."""
    found: dict[str, str] = {}
    name, is_inside = "", False
    for line in text.splitlines():
        if line[:1].strip():
            is_inside = line.startswith("services:")
        elif is_inside and (key := KEY.match(line)):
            name = key["name"]
            found.setdefault(name, "")
        elif is_inside and name and (image := IMAGE.match(line)):
            found[name] = image[1]
    return found


def diagnose_port(hit: Hit) -> Diagnosis | None:
    """A connection that nobody took, to a port that is not Postgres's."""
    host, port = hit["host"], hit["port"]
    if port in {"5432", "5433"} or PUBLIC.fullmatch(host):
        return None
    return diagnose_service(hit.facts, host, port, hit.symptom.groups)


def diagnose_service(facts: Facts, host: str, port: str, groups: Sequence[str]) -> Diagnosis:
    """Which service is missing, and how to declare it."""
    known = PORTS.get(port)
    name = known.name if known else f"a service `{host}`" if host not in LOCAL else "a service"
    where = f"`{host}{':' if host and port else ''}{port}`"
    places = find_places(facts.snapshot, Address(host, port))
    todo = [*advise_service(facts, known, host, port)]
    if closed := [each for each in groups if not facts.settings.groups[each].egress]:
        todo = [f"[tool.runner.groups.{closed[0]}]", "egress = true", *todo]
    if found := find_variable(facts.snapshot, places):
        wanted = (known.name.lower().split()[-1] if known else "service") if host in LOCAL else host
        todo += ["[tool.runner.environment]", f'{found[0]} = "..."  # with `{wanted}:{port}` in the place of {where}']
    return Diagnosis("service", f"{name} is not there: the tests dial {where}", tuple(todo), tuple(places))


def advise_service(facts: Facts, known: Service | None, host: str, port: str) -> Sequence[str]:
    """The settings for a service: the project's own Compose file, or one to write."""
    if facts.settings.services:
        return [
            f"add the service to `{facts.settings.services}` (`services`); tests reach it by its name, at `name:{port}`"
        ]
    own = find_service(facts.snapshot, host) or find_by_port(facts.snapshot, port, known)
    if own:
        return ["[tool.runner]", f'services = "{own}"  # tests reach a service by its name']
    name = known.name.lower().split()[-1] if known else host if host not in LOCAL else "service"
    image = known.image if known else "..."
    return [
        f"write `compose.test.yaml`:  services: {{{name}: {{image: {image}}}}}",
        "[tool.runner]",
        f'services = "compose.test.yaml"  # tests reach it as `{name}:{port}`',
    ]


def find_by_port(snapshot: Snapshot, port: str, known: Service | None) -> str:
    """The Compose file that has a service for a port."""
    image = known.image.partition(":")[0].rpartition("/")[2] if known else ""
    for path, text in sorted(snapshot.texts.items()):
        if COMPOSE.search(path) and ((image and f"image: {image}" in text) or (port and f":{port}" in text)):
            return path
    return ""


RULES: Sequence[Rule] = (
    rule(r"Error (?:-?\d+|while) connecting to (?P<host>[\w.-]+):(?P<port>\d+)", diagnose_port),
    rule(r"Can't connect to MySQL server on '(?P<host>[\w.-]+)(?::(?P<port>\d+))?'", diagnose_port),
    rule(r"Cannot connect to host (?P<host>[\w.-]+):(?P<port>\d+) ", diagnose_port),
    rule(r"Connection\w*Pool\(host='(?P<host>localhost|127\.0\.0\.1|[\w-]+)', port=(?P<port>\d+)\)", diagnose_port),
    rule(r"(?<![\w.-])(?P<host>[\w-]+(?:\.[\w-]+)*):(?P<port>\d{2,5}): \[Errno (?:111|-[235])\]", diagnose_port),
    rule(r"\((?:host|'?host'?)=?'?(?P<host>[\w.-]+)'?, port=(?P<port>\d+).*(?:refused|Errno 111)", diagnose_port),
    rule(r"(?:refused|Errno 111)\D{0,40}?\b(?P<host>localhost|127\.0\.0\.1):(?P<port>\d{2,5})\b", diagnose_port),
)
