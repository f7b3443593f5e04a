"""Known causes: a project that is a plugin of pytest's, which its own tests load once more. Pure."""

import json
from collections.abc import Sequence

from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule
from runner.core.detection.own_plugin import find_plugins, make_argument


def diagnose_twice(hit: Hit) -> Diagnosis | None:
    """A plugin that is loaded by its entry point and by a conftest; of other plugins than the project's own no more."""
    plugins = find_plugins(hit.facts.snapshot)
    name = next((name for name, module in plugins.items() if hit["module"] in {"", name, module}), "")
    if not name:
        return None
    what = f"the plugin `{name}` is loaded twice: as the project is installed, and by a conftest"
    given = hit.facts.settings.pytest_args
    if make_argument(name) in given:
        # Tests of plugins start pytest anew, which takes no arguments from outside.
        todo = ("[tool.uv]", "package = false  # it is not installed, and pytest in a test loads it once, too")
        return Diagnosis("plugin-twice", what, todo)
    arguments = [*given, make_argument(name)]
    return Diagnosis("plugin-twice", what, ("[tool.runner]", f"pytest_args = {json.dumps(arguments)}"))


RULES: Sequence[Rule] = (
    rule(
        r"option names \{.*\} already added|Plugin already registered under a different name: (?P<module>[\w.]+)",
        diagnose_twice,
    ),
)
