"""The application on the configured database."""

from orders.api import create_app
from orders.database import session_factory

app = create_app(session_factory)
