"""Where the database is, for everybody."""

ADDRESS = "postgresql://postgres:not-secret@localhost:5432/library"
