"""The engine and the session factory of the configured database."""

import os

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine(os.environ["SQLALCHEMY_URL"])
session_factory = sessionmaker(engine)
