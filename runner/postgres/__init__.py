"""What acts on Postgres: the only place that imports psycopg."""
