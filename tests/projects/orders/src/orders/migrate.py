"""Running the migrations."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def upgrade(revision: str = "head") -> None:
    """Upgrade the configured database to a revision."""
    command.upgrade(_config(), revision)


def downgrade(revision: str) -> None:
    """Downgrade the configured database to a revision."""
    command.downgrade(_config(), revision)


def head() -> str | None:
    """Return the newest revision."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "orders:migrations")
    return config
