"""Which objects on the engine have an owner that lives."""

from datetime import datetime, timedelta

import pytest
from fakes import make_leftover

from runner.core.names import Owner
from runner.engines.docker.leftovers import has_living_owner
from runner.engines.owner import find_boot, make_owner

pytestmark = pytest.mark.unit

ELSEWHERE = Owner("another-boot", 1, "1")
"""An owner on another machine, or before the last boot of this one."""


def ago(**span):
    return (datetime.now().astimezone() - timedelta(**span)).isoformat(timespec="seconds")


LONG_AGO = ago(days=3)


@pytest.mark.parametrize("owner", [ELSEWHERE, None])
def test_a_running_container_of_another_boot_is_living_however_old(owner):
    assert has_living_owner(make_leftover(owner=owner, status="running", created=LONG_AGO))


@pytest.mark.parametrize("owner", [ELSEWHERE, None])
@pytest.mark.parametrize("status", ["created", "exited", "dead"])
def test_a_container_of_another_boot_that_does_not_run_for_an_hour_is_dead(owner, status):
    assert not has_living_owner(make_leftover(owner=owner, status=status, created=ago(minutes=61)))


@pytest.mark.parametrize("status", ["created", "exited"])
def test_a_young_container_of_another_boot_is_living_although_it_does_not_run(status):
    assert has_living_owner(make_leftover(owner=ELSEWHERE, status=status, created=ago(minutes=59)))


@pytest.mark.parametrize("created", ["", "yesterday", "2020-01-01T00:00:00"])
def test_a_container_of_another_boot_whose_age_is_not_known_is_living(created):
    assert has_living_owner(make_leftover(owner=ELSEWHERE, status="created", created=created))


@pytest.mark.parametrize("kind", ["network", "volume"])
def test_networks_and_volumes_of_another_boot_are_living_for_an_hour(kind):
    assert has_living_owner(make_leftover(kind=kind, owner=ELSEWHERE, status="", created=ago(minutes=59)))
    assert not has_living_owner(make_leftover(kind=kind, owner=ELSEWHERE, status="", created=ago(minutes=61)))
    assert has_living_owner(make_leftover(kind=kind, owner=ELSEWHERE, status="in use", created=LONG_AGO))


@pytest.mark.parametrize("kind", ["container", "network", "volume"])
def test_on_this_boot_the_owner_itself_decides(kind):
    dead = Owner(find_boot(), 2**22 + 1, "1")
    assert not has_living_owner(make_leftover(kind=kind, owner=dead, status="running", created=ago(minutes=1)))
    assert has_living_owner(make_leftover(kind=kind, owner=make_owner(), status="exited", created=LONG_AGO))
