"""What a shell in the environment is told: its variables, its start file, and the lines above its prompt. Pure."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from runner.core.passes import Pass
from runner.core.places import FILES, FOLDERS, PROJECT
from runner.core.places import READY as ANSWERS
from runner.core.plan import Plan
from runner.core.slots import PLUGIN_VARIABLE, fill_templates, make_environment

BEGIN, READY = "shell-begins", "shell-ready"
"""The answers that a shell waits for: before its prompt, what stands above is printed; before its first command, the
database is there."""

ENTER = "enter.sh"
START_FILE = "shellrc"

BLUE, RESET = r"\[\e[1;34m\]", r"\[\e[0m\]"

KNOWN_TERMINALS = ("xterm", "screen", "tmux", "linux", "vt100", "vt220", "rxvt", "ansi", "dumb", "cygwin")
"""Beginnings of the names that Debian's ncurses-base describes; for others xterm-256color comes closest."""


@dataclass(frozen=True)
class Place:
    """The slot that a shell is in.

    Attributes:
        slot: its name.
        server: the parts of its address, as `core.slots.make_server` has them, filled in; None without a database.
        is_pinned: whether pytest's workers share the slot; else each gets one of its own.
    """

    slot: str
    server: Mapping[str, str] | None
    is_pinned: bool = False


def make_variables(
    plan: Plan, each: Pass, place: Place, templates: Mapping[str, str] | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """The variables of a shell: those of a call of pytest, with those of the slot that the plugin would set.

    Args:
        plan: the shell's.
        each: the pass whose environment it has.
        place: the slot.
        templates: the parts of a slot's address with the slot's name open; None without a database.
        environ: the caller's environment.
    """
    variables = make_environment(plan, each, templates, environ)
    wiring = json.loads(variables[PLUGIN_VARIABLE])
    if place.server is not None:
        variables |= fill_templates(wiring["variables"], {**place.server, "slot": place.slot})
    if place.is_pinned:
        wiring["slot"] = place.slot
        variables[PLUGIN_VARIABLE] = json.dumps(wiring)
    home = f"{FOLDERS}/{place.slot}"
    own = {"HOME": f"{home}/home", "TMPDIR": f"{home}/temporary", "HISTFILE": f"{home}/home/.bash_history"}
    args = ["-p", "no:ephemeral-runner", "-o", f"cache_dir={home}/pytest_cache"]
    args += [*plan.settings.pytest_args, *each.needs.pytest_args]
    options = " ".join(filter(None, [shlex.join(args), variables.get("PYTEST_ADDOPTS")]))
    terminal = {"TERM": choose_terminal(environ.get("TERM", "")), "COLORTERM": environ.get("COLORTERM", "")}
    return {**own, **variables, "PYTEST_ADDOPTS": options, **terminal}


def choose_terminal(name: str) -> str:
    """The name of a terminal that the environment knows."""
    return name if name.startswith(KNOWN_TERMINALS) else "xterm-256color"


def make_files(project: str, slot: str) -> dict[str, bytes]:
    """The files of a shell, by path relative to `places.FILES`."""
    name = project.replace("\\", "").replace("`", "").replace("$", "")
    prompt = f"{BLUE}{name}{RESET} {slot}:\\w\\$ "
    wait = f"until [ -e {ANSWERS}/{READY} ]; do sleep 0.01; done; trap - DEBUG"
    start = [
        f"PS1={shlex.quote(prompt)}",
        "shopt -s checkwinsize",
        "alias ls='ls --color=auto' grep='grep --color=auto'",
        # Last, or these lines would wait too.
        f"trap {shlex.quote(wait)} DEBUG",
    ]
    enter = [
        "# Makes the folders of this slot, and starts what is asked for.",
        'mkdir -p "$HOME" "$TMPDIR"',
        f"PATH={FILES}/bin:$PATH",
        "export PATH",
        f"until [ -e {ANSWERS}/{BEGIN} ]; do sleep 0.01; done",
        'exec "$@"',
    ]
    return {START_FILE: "\n".join(start).encode() + b"\n", ENTER: "\n".join(enter).encode() + b"\n"}


def make_argv(command: Sequence[str]) -> list[str]:
    """The process for a command, or for an interactive shell without one; it waits for the answer `BEGIN`."""
    return ["sh", f"{FILES}/{ENTER}", *(command or ["bash", "--rcfile", f"{FILES}/{START_FILE}", "-i"])]


def make_banner(place: Place, mount: PurePath | None, network: str, image: str) -> list[str]:
    """What is where, in five lines.

    Args:
        place: the slot.
        mount: the project's folder on the caller's machine; None for a private copy of it.
        network: what can be reached.
        image: the suite image.
    """
    files = f"is {mount}, mounted for writing: what changes there changes here" if mount else "is a private copy"
    server = place.server
    database = "none: the group has `database = false`"
    if server:
        database = f"`psql`: {server['dbname']} as role {server['user']}; from another terminal `runner psql`"
    workers = "in this slot" if place.is_pinned else "in this slot; with -n 2 each worker gets one of its own"
    kept = " but the project's own files" if mount else ""
    return [
        f"project   {PROJECT} {files}",
        f"database  {database}",
        f"tests     `pytest` runs them {workers}",
        f"image     {image}; {network}",
        f"leave     Ctrl-D, and everything{kept} is removed",
    ]
