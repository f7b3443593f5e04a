"""pytest-postgresql with a server that is there already."""

from pytest_postgresql import factories

postgresql = factories.postgresql("postgresql_noproc")
