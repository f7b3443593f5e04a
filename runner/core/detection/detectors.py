"""What a project is made of, as far as `[tool.runner]` asks: every detector in turn. Pure."""

import gc
from collections.abc import Callable, Sequence

from runner.core.detection.absence import settle_absence
from runner.core.detection.addresses import detect_addresses
from runner.core.detection.authentication import settle_authentication
from runner.core.detection.choices import detect_choices
from runner.core.detection.ci_variables import detect_ci_variables
from runner.core.detection.database import detect_database
from runner.core.detection.django import detect_django, settle_django
from runner.core.detection.django_files import detect_django_files, detect_media
from runner.core.detection.drivers import detect_drivers
from runner.core.detection.engine import detect_engine
from runner.core.detection.env_files import detect_env_files
from runner.core.detection.extensions import detect_made_extensions
from runner.core.detection.ids import detect_ids
from runner.core.detection.installs import detect_installs
from runner.core.detection.interpreter import detect_interpreter
from runner.core.detection.isolation import detect_isolation, settle
from runner.core.detection.locales import detect_locales
from runner.core.detection.lock import detect_lock
from runner.core.detection.marks import detect_marks
from runner.core.detection.migrations import detect_migrations
from runner.core.detection.mock_resources import detect_mock_resources
from runner.core.detection.names import settle_names
from runner.core.detection.options import detect_options
from runner.core.detection.other_services import detect_other_services
from runner.core.detection.own_plugin import detect_own_plugin
from runner.core.detection.own_servers import detect_own_servers
from runner.core.detection.paths import detect_paths
from runner.core.detection.ports import settle_ports
from runner.core.detection.programs import detect_programs
from runner.core.detection.requirements import detect_test_requirements
from runner.core.detection.services import detect_services
from runner.core.detection.sqlite import detect_sqlite
from runner.core.detection.statements import detect_statements
from runner.core.detection.system_packages import detect_system_packages
from runner.core.detection.tablespaces import detect_tablespaces
from runner.core.snapshot import Detected, Snapshot

DETECTORS: Sequence[Callable[[Snapshot], Detected]] = (
    detect_lock,
    detect_interpreter,
    detect_test_requirements,
    detect_django,
    detect_installs,
    detect_migrations,
    detect_django_files,
    detect_media,
    detect_isolation,
    detect_database,
    detect_drivers,
    detect_env_files,
    detect_sqlite,
    detect_services,
    detect_ci_variables,
    detect_engine,
    detect_options,
    detect_paths,
    detect_choices,
    detect_addresses,
    detect_statements,
    detect_made_extensions,
    detect_tablespaces,
    detect_ids,
    detect_locales,
    detect_own_servers,
    detect_own_plugin,
    detect_system_packages,
    detect_mock_resources,
    detect_other_services,
    detect_programs,
    detect_marks,
)


def detect(snapshot: Snapshot) -> Detected:
    """Everything that the detectors see in a project."""
    detected = Detected()
    # Millions of pieces of syntax are made, and to look for cycles in them again and again takes as long as the rest.
    collects = gc.isenabled()
    gc.disable()
    try:
        for each in DETECTORS:
            detected |= each(snapshot)
    finally:
        if collects:
            gc.enable()
    for settling in (settle_names, settle_ports, settle, settle_django, settle_authentication, settle_absence):
        detected = settling(snapshot, detected)
    return detected
