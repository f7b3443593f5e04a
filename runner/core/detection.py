"""What a project is made of, as far as `[tool.runner]` asks: every detector in turn. Pure."""

import gc
from collections.abc import Callable, Sequence

from runner.core.detection_absence import settle_absence
from runner.core.detection_addresses import detect_addresses
from runner.core.detection_authentication import settle_authentication
from runner.core.detection_choices import detect_choices
from runner.core.detection_ci_variables import detect_ci_variables
from runner.core.detection_database import detect_database
from runner.core.detection_django import detect_django, settle_django
from runner.core.detection_django_files import detect_django_files, detect_media
from runner.core.detection_drivers import detect_drivers
from runner.core.detection_engine import detect_engine
from runner.core.detection_env_files import detect_env_files
from runner.core.detection_extensions import detect_made_extensions
from runner.core.detection_ids import detect_ids
from runner.core.detection_installs import detect_installs
from runner.core.detection_interpreter import detect_interpreter
from runner.core.detection_isolation import detect_isolation, settle
from runner.core.detection_locales import detect_locales
from runner.core.detection_lock import detect_lock
from runner.core.detection_marks import detect_marks
from runner.core.detection_migrations import detect_migrations
from runner.core.detection_mock_resources import detect_mock_resources
from runner.core.detection_names import settle_names
from runner.core.detection_options import detect_options
from runner.core.detection_other_services import detect_other_services
from runner.core.detection_own_plugin import detect_own_plugin
from runner.core.detection_own_servers import detect_own_servers
from runner.core.detection_paths import detect_paths
from runner.core.detection_ports import settle_ports
from runner.core.detection_programs import detect_programs
from runner.core.detection_requirements import detect_test_requirements
from runner.core.detection_services import detect_services
from runner.core.detection_sqlite import detect_sqlite
from runner.core.detection_statements import detect_statements
from runner.core.detection_system_packages import detect_system_packages
from runner.core.detection_tablespaces import detect_tablespaces
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
