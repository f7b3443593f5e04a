"""Carries connections out of a sandbox: from sockets that listen inside it to the sandbox's own server outside.

Runs inside the images only; needs the standard library only.
"""

import contextlib
import json
import os
import socket
import threading

CHUNK = 64 * 1024
MOST = 32
"""Listening sockets of one sandbox."""


def forward(control):
    """Serve until the other end of `control` is closed, which hands over listening sockets and where each leads to."""
    text, descriptors, _, _ = socket.recv_fds(control, CHUNK, MOST)
    for each, port in zip(descriptors, json.loads(text), strict=True):
        listener = socket.socket(fileno=each)
        threading.Thread(target=accept, args=(listener, port), daemon=True).start()
    control.recv(1)
    os._exit(0)


def accept(listener, port):
    """Take connections, each of which gets two threads."""
    while True:
        here, _ = listener.accept()
        threading.Thread(target=carry, args=(here, port), daemon=True).start()


def carry(here, port):
    """Connect to the server, and pass on both ways."""
    try:
        there = socket.create_connection(("127.0.0.1", port))
    except OSError:
        here.close()
        return
    for each in (here, there):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = threading.Thread(target=send, args=(there, here), daemon=True)
    back.start()
    send(here, there)
    back.join()
    here.close()
    there.close()


def send(source, target):
    """Pass on what is said, and at its end say so."""
    buffer = bytearray(CHUNK)
    view = memoryview(buffer)
    with contextlib.suppress(OSError):
        while size := source.recv_into(buffer):
            target.sendall(view[:size])
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
