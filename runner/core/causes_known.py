"""All rules for known causes, in the order in which they are asked: the more special ones come first. Pure."""

from collections.abc import Sequence

from runner.core import (
    causes_address,
    causes_containers,
    causes_django,
    causes_driver,
    causes_packages,
    causes_plugins,
    causes_rights,
    causes_server,
    causes_services,
    causes_suite,
    causes_variables,
)
from runner.core.causes import Rule

KNOWN: Sequence[Rule] = (
    *causes_suite.RULES[:1],
    *causes_containers.RULES,
    *causes_services.RULES,
    *causes_rights.RULES,
    *causes_variables.RULES,
    *causes_driver.RULES,
    *causes_server.RULES,
    *causes_address.RULES,
    *causes_plugins.RULES,
    *causes_containers.WITHOUT_ENGINE,
    *causes_suite.RULES[1:],
    *causes_django.RULES,
    *causes_packages.RULES,
)
