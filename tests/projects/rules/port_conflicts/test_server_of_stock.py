"""See `test_server_of_orders.py`."""

import socket
import time

import pytest

PORT = 8080


def test_a_server_of_stock_listens():
    time.sleep(0.5)
    with socket.create_server(("127.0.0.1", PORT)):
        pass


@pytest.mark.parametrize("number", range(3))
def test_a_server_listens_where_nobody_else_does(free_port, number):
    with socket.create_server(("127.0.0.1", free_port)):
        pass
