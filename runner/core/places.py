"""Places inside the suite container, where the runner and the suite meet. Pure."""

PROJECT = "/project"
"""The project's files; a link into REPOSITORY where there are files around it."""

REPOSITORY = "/repository"
"""What the project needs from around its folder, and the project itself in its place among it."""

RESULTS = "/run/runner/results"
"""Where pytest writes its JUnit files."""

FILES = "/run/runner/files"
"""Where the runner puts files that the plugin reads."""

FOLDERS = "/run/runner/workers"
"""Where each worker has folders of its own."""

REPORTS = "/run/runner/reports.sock"
"""Where the plugin reaches the runner; images/base/lease.py listens there."""

READY = "/run/runner/ready"
"""Where the runner's answers appear as files."""
