"""Runs the migrations on the engine of the application."""

from alembic import context

from orders.database import engine
from orders.models import Base

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
