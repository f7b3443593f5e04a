"""Where the database is, for everybody."""

import os

ADDRESS = os.environ.get("TEST_DATABASE_URL", "postgresql://suite@127.0.0.1:5432/suite")
