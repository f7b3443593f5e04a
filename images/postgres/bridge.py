"""Connects its standard input and output with a Postgres beside it: bridge.py PORT.

The runner's tunnel starts it through the engine.

Runs inside the Postgres image only; needs the standard library only.
"""

import os
import socket
import sys
import threading
import time

HOST = "127.0.0.1"
OURS = "127.0.0.9"
"""Where its connections come from, so that the server can tell them from those of tests."""

PATIENCE = 2.0
"""Seconds for the server to begin to listen; the runner tries again after that."""

PAUSE = 0.005
CHUNK = 64 * 1024


def connect(port):
    """A connection as soon as the server takes one."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((HOST, port), source_address=(OURS, 0))
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(str(error))
        time.sleep(PAUSE)


def send(server):
    """Pass standard input on; at its end the server hears no more."""
    while data := os.read(0, CHUNK):
        server.sendall(data)
    server.shutdown(socket.SHUT_WR)


def main():
    """Copy both ways until the server ends the connection."""
    server = connect(int(sys.argv[1]))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=send, args=(server,), daemon=True).start()
    while data := server.recv(CHUNK):
        while data:
            data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
