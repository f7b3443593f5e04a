from flask import Flask
from sqlalchemy import select

from app.database import Order, Session

app = Flask(__name__)


@app.post("/orders/<int:number>")
def place(number):
    with Session.begin() as session:
        session.add(Order(number=number))
    return {"number": number}, 201


@app.get("/orders")
def show():
    with Session() as session:
        return {"numbers": [*session.scalars(select(Order.number).order_by(Order.number))]}
