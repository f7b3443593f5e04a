"""Runs a program in a sandbox: enter.py NAME PORT,PORT PROGRAM [ARGUMENT ...]; xdist starts its workers with it.

It hands its streams over and waits (keeper.py). When it ends before the program, the sandbox ends.

Runs inside the images only; needs the standard library only.
"""

import json
import os
import signal
import socket
import sys

PATH = "/run/ephemeral-runner/keeper.sock"


def main(name, ports, *argv):
    """Ask, wait for the answer, and end as the program did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # A person's Ctrl-C is the controller's, as it is for any worker.
    keeper = socket.socket(socket.AF_UNIX)
    keeper.connect(PATH)
    request = {"name": name, "argv": argv, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
    request["ports"] = [int(each) for each in ports.split(",") if each]
    text = json.dumps(request).encode() + b"\n"
    sent = socket.send_fds(keeper, [text], [0, 1, 2])
    keeper.sendall(text[sent:])
    null = os.open(os.devnull, os.O_RDWR)
    # Whoever reads what the program writes hears of its end only when nobody else can write there.
    os.dup2(null, 0)
    os.dup2(null, 1)
    with keeper.makefile() as answers:
        answer = json.loads(answers.readline() or '{"error": "its keeper has ended"}')
    if "error" in answer:
        sys.stderr.write(f"ephemeral-runner: cannot make a sandbox: {answer['error']}\n")
        sys.exit(1)
    sys.exit(answer["code"])


if __name__ == "__main__":
    main(*sys.argv[1:])
