"""The settings of `[tool.runner.postgres]`: what a suite expects of its database. Pure."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import fields

DEFAULT_VERSION = "17"
"""Debian 13's."""

LOOPBACK = ("127.0.0.1", "localhost")
"""Names that lead to the server by themselves."""

DEFAULT_LOCALE = "C.UTF-8"

SUITE_DATABASE = "suite"
"""The one database of all slots in schema mode, and the one role and database without isolation."""


class Postgres(Struct, frozen=True, kw_only=True):
    """Every key of the table; the description of each is its documentation."""

    version: Annotated[
        int | str,
        Meta(description=f"Postgres's major version, such as 15; empty: {DEFAULT_VERSION}, which is Debian 13's"),
    ] = ""
    image: Annotated[
        str,
        Meta(description="image with the server, such as `postgres:16`; of Debian, with Postgres's packages"),
    ] = ""
    user: Annotated[
        str,
        Meta(description="name of the role that tests log in as; may hold `{slot}`; empty: the isolation's own"),
    ] = ""
    password: Annotated[str, Meta(description="its password, where tests have it in their text; empty: random")] = ""
    authentication: Annotated[
        Literal["password", "trust"],
        Meta(description="`trust`: any role gets in without a password, where no worker is kept from another's role"),
    ] = "password"
    database: Annotated[
        str, Meta(description="name of the database of a slot; may hold `{slot}`; empty: the isolation's own")
    ] = ""
    host: Annotated[
        str,
        Meta(
            description="name of the server's machine in the addresses; any name, such as CI's `postgres`, leads there"
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1024, le=65535, description="port that the server listens at")] = 5432
    databases: Annotated[
        list[str],
        Meta(description="further databases of each slot; may hold `{slot}`; addresses have them as {dbname_NAME}"),
    ] = []
    init_sql: Annotated[
        list[str],
        Meta(description="statements, or SQL files, that the superuser runs in each database, before `setup`"),
    ] = []
    folders: Annotated[
        list[str],
        Meta(
            description="folders that server and suite share, for `COPY` from and to files; all workers have the same"
        ),
    ] = []
    extensions: Annotated[
        list[str],
        Meta(
            description="extensions in each database; those of Debian's packages are installed: `pgvector`, `postgis`"
        ),
    ] = []
    settings: Annotated[
        dict[str, str | int | float | bool],
        Meta(description="parameters of the server, such as `max_prepared_transactions = 10`"),
    ] = {}
    locale: Annotated[str, Meta(description="locale of the databases, such as `en_US.UTF-8`")] = DEFAULT_LOCALE
    encoding: Annotated[str, Meta(description="encoding of the databases, such as `LATIN1` with a locale for it")] = (
        "UTF8"
    )
    timezone: Annotated[str, Meta(description="time zone of the server")] = "UTC"

    @property
    def major(self) -> str:
        """The major version as text."""
        return str(self.version) or DEFAULT_VERSION

    @property
    def in_image(self) -> str:
        """What of it the server's image is made from; empty where that is the default."""
        own = (self.image, self.major, sorted(self.extensions), self.locale, self.encoding)
        return "" if own == ("", DEFAULT_VERSION, [], DEFAULT_LOCALE, "UTF8") else repr(own)

    @property
    def alias(self) -> str:
        """A name that has to be made to lead to the server; empty for none."""
        return "" if self.host in LOOPBACK else self.host

    @property
    def slot_names(self) -> list[str]:
        """Templates of the names that roles and databases of slots have; their schemas are called as the slots are."""
        return ["{slot}", *filter(None, (self.user, self.database))]

    @property
    def is_in_c(self) -> bool:
        """Whether the locale is one that every system has."""
        return self.locale in {"C", "POSIX"} or self.locale.startswith("C.")


POSTGRES_FIELDS = {each.name: each for each in fields(Postgres)}
