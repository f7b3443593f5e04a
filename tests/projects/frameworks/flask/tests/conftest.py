import pytest
from app.database import Base, engine
from app.views import app


@pytest.fixture
def client():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    return app.test_client()
