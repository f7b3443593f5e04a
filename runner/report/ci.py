"""What CI is told in the lines of a job's output: sections that fold, annotations, and whose words are no commands.

GitHub obeys commands in any line, whoever wrote it. So they are stopped from the beginning to the end, by a token that
is in no test's reach, and let through for our own lines only; all lines go to one stream, since two have no order.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from runner.core.annotations import Annotation, as_command, choose, escape


class Ci:
    """No CI that is known: nothing to tell. Each method makes lines, without the end of the last."""

    is_known = False

    def begin(self) -> str:
        """Before any other line."""
        return ""

    def end(self) -> str:
        """After the last line that others may have had a part in."""
        return ""

    def open_section(self, name: str, title: str) -> str:  # noqa: ARG002 -- for those that have sections
        """Before lines that fold."""
        return ""

    def close_section(self, name: str) -> str:  # noqa: ARG002
        """After lines that fold."""
        return ""

    def show(self, annotations: Sequence[Annotation]) -> str:  # noqa: ARG002
        """Annotations, as many as are shown."""
        return ""


class GitHub(Ci):
    """GitHub Actions."""

    is_known = True

    def __init__(self, make_token: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        self._make_token = make_token
        self._token = ""

    def begin(self) -> str:
        """No line is a command from here on."""
        self._token = self._make_token()
        return f"::stop-commands::{self._token}"

    def end(self) -> str:
        """Lines are commands again."""
        token, self._token = self._token, ""
        return f"::{token}::" if token else ""

    def open_section(self, name: str, title: str) -> str:  # noqa: ARG002 -- GitHub shows the title alone
        """A group."""
        return self._command([f"::group::{escape(title)}"])

    def close_section(self, name: str) -> str:  # noqa: ARG002
        """The end of the group."""
        return self._command(["::endgroup::"])

    def show(self, annotations: Sequence[Annotation]) -> str:
        """A command for each."""
        return self._command([as_command(each) for each in choose(annotations)]) if annotations else ""

    def _command(self, lines: Sequence[str]) -> str:
        """Commands between two stretches of lines that are none."""
        return "\n".join([self.end(), *lines, self.begin()])


class GitLab(Ci):
    """GitLab CI: the markers of collapsible sections of its documentation; what failed it reads from the JUnit file."""

    is_known = True

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def open_section(self, name: str, title: str) -> str:
        """A section that is folded at first."""
        return f"\x1b[0Ksection_start:{self._clock():.0f}:{name}[collapsed=true]\r\x1b[0K{title}"

    def close_section(self, name: str) -> str:
        """The end of the section."""
        return f"\x1b[0Ksection_end:{self._clock():.0f}:{name}\r\x1b[0K"


def find_ci(environ: Mapping[str, str]) -> Ci:
    """The CI that the process runs in."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHub()
    if environ.get("GITLAB_CI") == "true":
        return GitLab()
    return Ci()
