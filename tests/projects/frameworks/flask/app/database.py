"""The engine, which is made when the module is imported."""

import os

from sqlalchemy import create_engine, orm

engine = create_engine(os.environ["SQLALCHEMY_DATABASE_URI"])
Session = orm.sessionmaker(engine)


class Base(orm.DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    number: orm.Mapped[int] = orm.mapped_column(primary_key=True)
