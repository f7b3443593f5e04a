"""Known causes: how pytest runs the suite, and what its container does not let tests do. Pure."""

import re
from collections.abc import Sequence

from runner.core.causes.places import LOCAL
from runner.core.causes.services import diagnose_service, find_service
from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule, say, shorten
from runner.core.places import PROJECT

RUNNER = "[tool.runner]"

WAITED = "when the limit was reached: "
"""Begins a sentence on what a hanging test waited for."""

COLLECTED = "Different tests were collected between"

DIFFERENCES: Sequence[tuple[re.Pattern[str], str, tuple[str, ...]]] = (
    (
        re.compile(r"0x[0-9a-f]{6,}"),
        "an object's address in memory is part of their ids",
        ("give `parametrize` ids of your own: `ids=str`, or `pytest.param(..., id=...)`",),
    ),
    (
        re.compile(r"postgres(?:ql)?(?:\+\w+)?://|\bgw\d+\b|127\.0\.0\.1|:54\d\d\b"),
        "the address of the database is part of their ids, and each worker has its own",
        (RUNNER, 'isolation = "sandbox"  # the same address in every worker'),
    ),
    (
        re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b"),
        "a random value is part of their ids",
        ("seed what makes it, or give `parametrize` ids of your own",),
    ),
    (
        re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d|\b1[6-9]\d{8}(?:\.\d+)?\b|\d\d:\d\d:\d\d"),
        "the time of their collection is part of their ids",
        ("give `parametrize` ids of your own",),
    ),
)
"""What differs in the ids of tests, why, and what to do."""


def diagnose_collected(hit: Hit) -> Diagnosis:
    """Why the workers did not collect the same, from the lines of the difference that xdist shows."""
    lines = hit.symptom.text.splitlines()
    changed = [line for line in lines if re.match(r"[+-](?![+-])", line)]
    told = "workers collected different tests"
    example = f", such as `{shorten(changed[0][1:])}`" if changed else ""
    for pattern, why, todo in DIFFERENCES:
        if any(pattern.search(line) for line in changed):
            return Diagnosis("collected", f"{told}: {why}{example}", todo)
    added = sorted(line[1:] for line in changed if line[0] == "+")
    removed = sorted(line[1:] for line in changed if line[0] == "-")
    if changed and added == removed:
        todo = ("[tool.runner.environment]", 'PYTHONHASHSEED = "0"')
        return Diagnosis("collected", f"{told}: the same ones in another order, as a set gives them{example}", todo)
    todo = ("what makes them must give every process the same: no random values, no order of a set or of files,",)
    return Diagnosis("collected", f"{told}{example}", (*todo, "or run without workers: `workers = 0`"))


def diagnose_path(hit: Hit) -> Diagnosis:
    """A path that tests may not write to; a relative one is of the project, where pytest starts."""
    path = hit["path"]
    if path.startswith(f"{PROJECT}/") or not path.startswith("/"):
        inside = path.removeprefix(f"{PROJECT}/").removeprefix("./")
        todo = (
            RUNNER,
            f'writable = ["{inside.partition("/")[0]}"]',
            'isolation = "sandbox"  # instead, where workers write the same files',
        )
        return Diagnosis("read-only", f"the tests write to `{inside}` of the project, which is read-only", todo)
    what = f"the tests write to `{path}`, for which their user has no right"
    return Diagnosis("read-only", what, (RUNNER, f'writable = ["{path.rpartition("/")[0] or path}"]'))


def diagnose_network(hit: Hit) -> Diagnosis | None:
    """A host beyond the environment, or a service of the project's."""
    host = hit["host"]
    if host in LOCAL:
        return None
    if host and find_service(hit.facts.snapshot, host):
        return diagnose_service(hit.facts, host, hit["port"], hit.symptom.groups)
    closed = [each for each in hit.symptom.groups if not hit.facts.settings.groups[each].egress]
    what = f"the tests reach for the network: `{host}`" if host else "the tests reach for the network"
    if closed:
        return Diagnosis(
            "network",
            f"{what}, from which the group `{closed[0]}` is kept",
            (f"[tool.runner.groups.{closed[0]}]", "egress = true"),
        )
    if host and "." not in host:
        return diagnose_service(hit.facts, host, hit["port"], hit.symptom.groups)
    todo = ("the engine's containers have no such way out: replace it in the test, or leave the test out by a mark",)
    return Diagnosis("network", f"{what}, which does not answer from the engine's containers", todo)


def diagnose_hang(hit: Hit) -> Diagnosis:
    """Tests that did not end in time."""
    running = re.findall(r"(\S+::.+?) \(for ([\d.]+) s\)", hit.symptom.text)
    which = (
        ", ".join(f"`{test}` for {seconds} s" for test, seconds in running[:3]) or "no test: it hangs outside of them"
    )
    waited = re.findall(rf"^{WAITED}(.*)$", hit.symptom.text, re.MULTILINE)
    alone = f"; the test alone: `runner run '{running[0][0]}'`" if running else ""
    return Diagnosis(
        "hang",
        f"tests hang: {'; '.join(waited[:2]) or which}",
        (
            "while it hangs again, `runner status` says what it waits for: `runner run --timeout 60` in one terminal,",
            f"`runner status` in another{alone}",
        ),
    )


def diagnose_sqlite(hit: Hit) -> Diagnosis:
    """A file of SQLite's; sandboxes come with a server, so without one there are none."""
    what = "the tests have a database of SQLite in a file of the project, which is read-only"
    with_server = () if hit.facts.settings.database else ("database = true", "strict = false")
    return Diagnosis("read-only", what, (RUNNER, 'isolation = "sandbox"  # a work tree for each worker', *with_server))


def diagnose_marker(hit: Hit) -> Diagnosis:
    """A mark that nobody declared, where pytest is strict about that."""
    return Diagnosis(
        "marker",
        f"the mark `{hit['name'] or hit['other']}` is not declared, and pytest is strict about that",
        (
            "[tool.pytest.ini_options]",
            f'markers = ["{hit["name"] or hit["other"]}"]  # `runner init` adds those of groups',
        ),
    )


HOST = r"(?P<host>[A-Za-z0-9_](?:[\w.-]*\w)?)"

RULES: Sequence[Rule] = (
    rule(COLLECTED, diagnose_collected),
    rule(r"^the tests did not end within ", diagnose_hang),
    rule(
        r"Failed: Timeout \(?>\s*(?P<seconds>[\d.]+)\s*s",
        say(
            "hang",
            "a test did not end within its own limit of {seconds} s",
            "`runner status` says what a test waits for",
        ),
    ),
    rule(r"'(?P<name>\w+)' not found in `markers` configuration|Unknown pytest\.mark\.(?P<other>\w+)", diagnose_marker),
    rule(
        r"worker '(?P<worker>gw\d+)' crashed while running",
        say(
            "crashed",
            "a test ended its worker process",
            "a segmentation fault, `os._exit` or too little memory: look at suite.log",
        ),
    ),
    rule(
        r"(?:INTERNALERROR|Error|Exception)[^\n]*ephemeral_runner"
        r"|Plugin already registered[^\n]*(?:ephemeral|runner\.plugin)",
        say(
            "own-plugin",
            "the runner's own plugin is in the way of another",
            'report it, with suite.log; `pytest_args = ["-p", "no:NAME"]` switches the other one off',
        ),
    ),
    rule(r"(?:Read-only file system|Permission denied): ['\"](?P<path>[^'\"]+)['\"]", diagnose_path),
    rule(
        r"(?:OperationalError|DatabaseError)\b.*(?:unable to open database file|attempt to write a readonly database)",
        diagnose_sqlite,
    ),
    rule(
        r"(?:Failed to resolve '|Could not resolve host: |getaddrinfo failed for |Cannot connect to host )"
        + HOST
        + r"(?::(?P<port>\d+))?",
        diagnose_network,
    ),
    rule(
        r"HTTPS?Connection\w*\(host='" + HOST + r"', port=(?P<port>\d+)\)",
        diagnose_network,
    ),
    rule(
        r"Temporary failure in name resolution|Name or service not known|Network is unreachable|nodename nor servname"
        r"|No address associated with hostname",
        diagnose_network,
    ),
    rule(
        r"not a git repository|unable to detect version for /project|\.git['\"]? (?:not found|does not exist)",
        say("git", "the tests look for the repository", RUNNER, "git = true"),
    ),
)
