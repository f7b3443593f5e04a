"""The parts of the address, each with a default for a person's own machine."""

from pydantic import PostgresDsn
from pydantic_settings import BaseSettings, SettingsConfigDict


class Common(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", env_file=".env", extra="ignore")


class Settings(Common):
    postgres_host: str = "localhost"
    postgres_port: int = 5432
    postgres_user: str = "shop"
    postgres_password: str = "shop"
    postgres_db: str = "shop"

    @property
    def address(self) -> str:
        return str(
            PostgresDsn.build(
                scheme="postgresql+asyncpg",
                username=self.postgres_user,
                password=self.postgres_password,
                host=self.postgres_host,
                port=self.postgres_port,
                path=self.postgres_db,
            )
        )


settings = Settings()
