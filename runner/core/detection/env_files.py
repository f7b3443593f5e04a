"""Files of variables, such as `.env`: whether the code reads one, and what CI makes it from. Pure."""

import re
from collections.abc import Iterator

from runner.core.code_search import search_code
from runner.core.detection.services import CI_FILES, make_template
from runner.core.snapshot import Detected, Finding, Snapshot

COPY = re.compile(r"\b(?:cp|mv|copy)\s+(?:-\w+\s+)?(?P<source>[\w./-]*env[\w.-]*)\s+(?P<target>[\w./-]*\.env)\b")
LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=(?P<value>.*)$", re.MULTILINE)
ONLY_FILE = re.compile(r"\bdotenv_values\(|\bload_dotenv\([^)]*\boverride\s*=\s*True")
"""Ways of reading a file whose variables go before those of the environment."""

USED_BY = re.compile(r"(^|/)(?:GNUmakefile|[Mm]akefile|tox\.ini)$")


def detect_env_files(snapshot: Snapshot) -> Detected:
    """The variables of the file that CI copies, and a note where nothing else is read."""
    detected = Detected()
    for source, where in find_copies(snapshot):
        variables = dict(read_variables(snapshot.texts[source]))
        found = Finding("variables", f"{len(variables)} of `{source}`, which becomes `.env`", where)
        detected |= Detected((found,), {"environment": variables} if variables else {})
    for path, text in snapshot.python_files():
        if match := search_code(ONLY_FILE, text):
            named = re.findall(r"[\"']([^\"']*env[^\"']*)[\"']", text[match.start() :].partition(")")[0])
            file = named[0] if named else ".env"
            note = f"{path} reads `{file}` and not the environment, in which each worker has its own address; let a"
            return detected | Detected((), {}, (f"{note} variable that is set win, as `load_dotenv()` does",))
    return detected


def find_copies(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Each file that is made `.env` before tests, and the file that says so."""
    seen: set[str] = set()
    for path, text in sorted(snapshot.texts.items()):
        if CI_FILES.search(path) or USED_BY.search(path):
            for match in COPY.finditer(text):
                source = match["source"].removeprefix("./")
                if source in snapshot.texts and source not in seen and ".env" not in snapshot.names:
                    seen.add(source)
                    yield source, path


def read_variables(text: str) -> Iterator[tuple[str, str]]:
    """The variables of a file, those of the database as templates; braces of others stay braces."""
    for match in LINE.finditer(text):
        name, value = match["name"], unquote(match["value"])
        if template := make_template(name, value):
            yield name, template
        elif value and "$" not in value:
            yield name, value.replace("{", "{{").replace("}", "}}")


def unquote(value: str) -> str:
    """A value without its quotes, or without a comment behind it; empty where there is none on its line."""
    quoted = re.match(r"\s*([\"'])(.*?)\1", value)
    return quoted[2] if quoted else value.partition(" #")[0].strip()
