"""The step of a run that compares the image with runner.lock."""

import pytest
from fakes import FakeEngine

from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.settings import Settings
from runner.errors import ImageError
from runner.interrupts import Interrupts
from runner.session import Session
from runner.surroundings import Surroundings

pytestmark = pytest.mark.unit

ANOTHER = ImageError("the image `a` is not the one in `runner.lock`", "variable LANG is missing")


def go(folder, engine):
    """The outcome of a run, and the notes of its steps."""
    events = []
    plan = Plan(Settings(), Selection(), (Pass("unit", "unit", Needs(2, database=False), frozenset()),))
    around = Surroundings({}, folder, folder, lambda _: None, colour=False, columns=77)
    with Interrupts() as interrupts:
        outcome = Session(plan, engine, around, [events.append]).run(interrupts)
    return outcome, {event.data["step"]: event.data["note"] for event in events if event.name == "step-finished"}


def test_the_image_is_compared_once_it_is_there_and_before_any_container(tmp_path):
    engine = FakeEngine(lock="the image in runner.lock")
    outcome, notes = go(tmp_path, engine)
    assert outcome.exit_code == 0
    assert engine.calls[:4] == ["sweep", "ensure_images", "check_lock", "start_suite"]
    assert notes["lock"] == "the image in runner.lock"


def test_without_a_lock_there_is_no_such_step(tmp_path):
    engine = FakeEngine()
    _, notes = go(tmp_path, engine)
    assert "check_lock" not in engine.calls
    assert "lock" not in notes


def test_another_image_ends_the_run_before_any_container(tmp_path):
    engine = FakeEngine(lock="", failures={"check_lock": ANOTHER})
    outcome, _ = go(tmp_path, engine)
    assert (outcome.exit_code, outcome.error) == (92, ANOTHER)
    assert engine.calls == ["sweep", "ensure_images", "check_lock", "remove_run"]
