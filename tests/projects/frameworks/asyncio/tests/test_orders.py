import asyncio

import pytest
from app.database import Base, Order, Session, engine
from sqlalchemy import func, select


@pytest.fixture(autouse=True)
async def tables():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)


async def place(number):
    async with Session.begin() as session:
        session.add(Order(number=number))


@pytest.mark.parametrize("count", range(1, 4))
async def test_orders_that_are_placed_at_once_are_all_there(count):
    await asyncio.gather(*map(place, range(count)))
    async with Session() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == count
