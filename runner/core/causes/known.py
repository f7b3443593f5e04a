"""All rules for known causes, in the order in which they are asked: the more special ones come first. Pure."""

from collections.abc import Sequence

from runner.core.causes import (
    address,
    containers,
    django,
    driver,
    packages,
    plugins,
    rights,
    server,
    services,
    suite,
    variables,
)
from runner.core.causes.symptoms import Rule

KNOWN: Sequence[Rule] = (
    *suite.RULES[:1],
    *containers.RULES,
    *services.RULES,
    *rights.RULES,
    *variables.RULES,
    *driver.RULES,
    *server.RULES,
    *address.RULES,
    *plugins.RULES,
    *containers.WITHOUT_ENGINE,
    *suite.RULES[1:],
    *django.RULES,
    *packages.RULES,
)
