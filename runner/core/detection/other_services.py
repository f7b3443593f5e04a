"""Services beside Postgres that tests look for: Redis and others, which a run starts only where it is told. Pure."""

import re
from collections.abc import Iterator

from runner.core.detection.database import find_variables
from runner.core.detection.services import CI_FILES
from runner.core.snapshot import Detected, Finding, Snapshot, dig
from runner.core.yaml_reading import read_yaml, walk

KINDS = (
    "redis|valkey|rabbitmq|mysql|mariadb|mongo|memcached|elasticsearch|opensearch|minio|kafka|redpanda|localstack|nats"
)
KINDS += "|clickhouse|cassandra|etcd|consul|vault|mailhog|mailpit"
IMAGE = re.compile(rf"(?:^|/)(?P<kind>{KINDS})(?:-server)?(?::\S+)?(?:@\S+)?$")
VARIABLE = re.compile(
    rf"(?:\w+_)?(?P<kind>{KINDS}|AMQP|CELERY_BROKER)_(?:URL|URI|DSN|HOST|HOSTNAME|SERVER)", re.IGNORECASE
)


def detect_other_services(snapshot: Snapshot) -> Detected:
    """A note for each service that no setting brings."""
    if dig(snapshot.pyproject, "tool", "runner", "services"):
        return Detected()
    findings, notes = [], []
    for kind, (what, where) in sorted(find_kinds(snapshot).items()):
        findings.append(Finding("service", what, where))
        notes.append(
            f"{what} ({where}): no {kind} is there in a run; name it in a Compose file and that in `services`,"
            " and its address in `environment`"
        )
    return Detected(tuple(findings), {}, tuple(notes))


def find_kinds(snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """Each kind with what was seen of it and where: an image in CI, else a variable."""
    seen = {kind: (what, where) for kind, what, where in find_dialled(snapshot)}
    return seen | {kind: (what, where) for kind, what, where in find_images(snapshot)}


def find_images(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Images of services in CI's files."""
    for path in sorted(path for path in snapshot.texts if CI_FILES.search(path)):
        for table in walk(read_yaml(snapshot.texts[path])):
            services = table.get("services")
            images = [table.get("image"), table.get("name"), *(services if isinstance(services, list) else [])]
            for image in images:
                if isinstance(image, str) and (match := IMAGE.search(image)):
                    yield match["kind"], f"`{image}`", path


def find_dialled(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Variables by which the code finds a service."""
    for name, path in find_variables(snapshot).items():
        if match := VARIABLE.fullmatch(name):
            kind = match["kind"].lower()
            yield {"amqp": "rabbitmq", "celery_broker": "broker"}.get(kind, kind), f"`{name}`", path
