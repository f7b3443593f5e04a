"""The address of a service in Compose, which nothing from outside can change."""

from sqlalchemy import URL, create_engine

HOST = "db"
NAME = "shop"

engine = create_engine(URL.create("postgresql+psycopg2", NAME, "not-secret", HOST, 5432, NAME))
