"""Breaks the rule "no port conflicts", with `test_server_of_stock.py`: both bind the same fixed port."""

import socket
import time

PORT = 8080


def test_a_server_of_orders_listens():
    with socket.create_server(("127.0.0.1", PORT)):
        time.sleep(2)
