"""ephemeral-runner: a pytest and Postgres suite in a disposable, reproducible environment."""

__version__ = "0.1.0"
