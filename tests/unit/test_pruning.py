"""Which images `runner image prune` removes, and what that wins."""

import pytest

from runner.engines.docker.pruning import Found, choose, count_space

pytestmark = pytest.mark.unit


def make(name, created, layers, *, size=0, tags=None):
    return Found(name, tags or (f"ephemeral-runner/{name}",), str(created), size, tuple(layers))


def names(found):
    return [each.identity for each in found]


BASE = make("base:1", 1, "b")
ONE, TWO, THREE = (make(f"suite-a:{number}", number, ("b", f"s{number}")) for number in (1, 2, 3))
ALL = [BASE, ONE, TWO, THREE]


@pytest.mark.parametrize(
    ("keep", "removed"),
    [
        (3, []),
        (2, ["suite-a:1"]),
        (1, ["suite-a:1", "suite-a:2"]),
        (0, ["base:1", "suite-a:1", "suite-a:2", "suite-a:3"]),
    ],
)
def test_the_newest_of_each_name_stay(keep, removed):
    assert names(choose(ALL, set(), keep)) == removed


def test_projects_do_not_count_for_each_other():
    other = make("suite-b:1", 0, ("b", "x"))
    assert names(choose([*ALL, other], set(), 1)) == ["suite-a:1", "suite-a:2"]


def test_what_a_container_uses_stays():
    assert names(choose(ALL, {"suite-a:1"}, 1)) == ["suite-a:2"]


def test_what_a_kept_image_stands_on_stays():
    older = make("base:0", 0, "o")
    on_it = make("suite-c:1", 1, ("o", "x"))
    assert names(choose([BASE, older, on_it], set(), 1)) == []
    assert names(choose([BASE, older], set(), 1)) == ["base:0"]


def test_what_is_not_ours_stays():
    stranger = make("python:3", 0, "p", tags=("python:3",))
    shared = make("both", 0, "q", tags=("ephemeral-runner/suite-a:0", "mine:1"))
    unnamed = Found("none", (), "0", 0, ("z",))
    assert names(choose([*ALL, stranger, shared, unnamed], set(), 3)) == []


def test_one_image_with_an_old_and_a_new_name_stays():
    both = make("both", 0, ("b", "x"), tags=("ephemeral-runner/suite-a:0", "ephemeral-runner/suite-d:0"))
    assert names(choose([*ALL, both], set(), 1)) == ["suite-a:1", "suite-a:2"]


def test_space_is_what_no_kept_image_has():
    base = make("base:1", 1, "b", size=100)
    one, other = (make(f"suite-a:{number}", number, ("b", f"s{number}"), size=100 + number) for number in (10, 20))
    on_one = make("suite-b:1", 5, ("b", "s10", "x"), size=115)
    assert count_space([one], [base, other]) == 10
    assert count_space([one, on_one], [base, other]) == 15
    assert count_space([base, one], []) == 110
    assert count_space([one], [base, on_one]) == 0
