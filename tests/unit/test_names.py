"""Names and labels."""

import re
from datetime import UTC, datetime

import pytest

from runner.core import names
from runner.core.names import (
    Owner,
    is_slot,
    make_build_name,
    make_image_tag,
    make_labels,
    make_run_id,
    make_slots,
    make_slug,
    parse_build_owner,
    parse_owner,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "owner",
    [
        Owner("3a6b1c0e-8e3c-4c55-9a3b-1f7d2b6c0e11-4026531836", 1, "12345"),
        Owner("host.local", 4194304, "Mon-Nov-23-16:45:15-2026"),
        Owner("host", 7, "a/b"),
    ],
)
def test_an_owner_survives_the_way_through_its_label(owner):
    assert parse_owner(owner.as_label()) == owner


@pytest.mark.parametrize("started", ["12345", "Mon-Nov-23-16:45:15-2026"])
def test_an_owner_survives_the_way_through_the_name_of_a_build(started):
    owner = Owner("3a6b1c0e-8e3c-4c55-9a3b-1f7d2b6c0e11-4026531836", 1, started)
    name = make_build_name(owner, "0a1b")
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name)
    assert parse_build_owner(name) == owner


@pytest.mark.parametrize("name", ["", "runner-build", "runner-build_a_b", "runner-build_boot_x_1_t", "a_b_1_d_e_f"])
def test_a_name_of_no_build_of_ours_has_no_owner(name):
    assert parse_build_owner(name) is None


@pytest.mark.parametrize("label", ["", "x", "a/b", "a/b/c", "/1/2", "a//2", "a/1/", "a/-1/2", "a/1.5/2"])
def test_a_label_that_is_not_ours_has_no_owner(label):
    assert parse_owner(label) is None


@pytest.mark.security
def test_a_label_with_odd_digits_has_no_owner():
    assert parse_owner("a/²/2") is None


def test_a_run_id_sorts_by_time():
    ids = [make_run_id(datetime(2026, month, 3, 4, 5, 6), "abc") for month in (1, 2, 11)]  # noqa: DTZ001 -- local time
    assert ids == sorted(ids)
    assert ids[0] == "20260103-040506-abc"


def test_every_object_carries_the_five_labels():
    created = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    assert make_labels("run-1", "shop", "suite", Owner("b", 1, "2"), created) == {
        "ephemeral-runner.run": "run-1",
        "ephemeral-runner.project": "shop",
        "ephemeral-runner.role": "suite",
        "ephemeral-runner.owner": "b/1/2",
        "ephemeral-runner.created": "2026-01-02T03:04:05+00:00",
    }


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("orders", "orders"),
        ("My Project", "my-project"),
        ("v2.0_final", "v2-0-final"),
        ("--a--b--", "a-b"),
        ("日本", "project"),
        ("", "project"),
        ("$(rm -rf /)", "rm-rf"),
    ],
)
def test_a_slug_has_only_letters_that_an_image_name_may_hold(text, slug):
    assert make_slug(text) == slug
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)


def test_letters_with_accents_lose_them():
    assert make_slug("Café Übung") == "cafe-ubung"


def test_an_image_is_named_by_kind_project_and_fingerprint():
    assert make_image_tag("suite", "0123456789abcdef", "My Shop") == "ephemeral-runner/suite-my-shop:0123456789abcdef"
    assert make_image_tag("base", "0123456789abcdef") == "ephemeral-runner/base:0123456789abcdef"


@pytest.mark.smoke
def test_there_is_a_slot_for_the_leading_process_and_each_worker():
    assert make_slots(0) == ("master",)
    assert make_slots(3) == (names.MASTER, "gw0", "gw1", "gw2")


def test_every_slot_that_we_make_has_the_name_of_a_slot():
    assert all(is_slot(slot) for slot in (*make_slots(256), "gw999999"))


@pytest.mark.security
@pytest.mark.parametrize(
    "name", ["", "gw", "gw-1", "gw1.5", "gw0\n", " gw0", "GW0", "gw1234567", "../../x", "gw0/x", "suite", "masters"]
)
def test_a_name_that_xdist_never_gives_is_no_slot(name):
    assert not is_slot(name)
