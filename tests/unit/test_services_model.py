"""What becomes of a project's Compose model in a run."""

import pytest

from runner.core.services import PROCESS_ONE, Bounds, bound, find_builds, find_images
from runner.errors import SettingsError

pytestmark = pytest.mark.unit

LABELS = {"ephemeral-runner.run": "1"}
STEP_DOWN = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]


def make(egress=True, images=None, volumes=None, networks=None, **service):
    """The bounded model of one service `redis`."""
    model = {"name": "theirs", "services": {"redis": {"image": "redis:7", **service}}}
    model |= {"volumes": volumes} if volumes else {}
    model |= {"networks": networks} if networks else {}
    return bound(model, Bounds("runner-1", LABELS, "keeper", egress, images or {}))


def redis(**service):
    return make(**service)["services"]["redis"]


def test_a_service_gets_labels_rights_and_the_lease():
    assert redis(labels={"own": "x"}) == {
        "image": "redis:7",
        "labels": {"own": "x", **LABELS},
        "cap_drop": ["ALL"],
        "cap_add": STEP_DOWN,
        "security_opt": ["no-new-privileges"],
        "restart": "no",
        "logging": {"driver": "local"},
        "pid": "container:keeper",
    }


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ({}, STEP_DOWN),
        ({"cap_add": ["NET_ADMIN"]}, ["NET_ADMIN"]),
        ({"cap_drop": ["ALL"]}, []),
        ({"cap_drop": ["ALL"], "cap_add": ["CHOWN"]}, ["CHOWN"]),
    ],
)
def test_capabilities_that_a_service_names_replace_those_it_would_keep(declared, kept):
    service = redis(**declared)
    assert (service["cap_drop"], service["cap_add"]) == (["ALL"], kept)


def test_what_makes_two_runs_collide_is_gone():
    service = {
        "image": "redis:7",
        "container_name": "cache",
        "ports": [{"target": 6379, "published": "6379"}],
        "restart": "always",
        "networks": {"default": None, "back": {"ipv4_address": "10.0.0.2", "aliases": ["r"]}},
    }
    service = bound({"services": {"redis": service}}, Bounds("runner-1", {}, "keeper", True, {}))["services"]["redis"]
    assert service.keys() & {"container_name", "ports"} == set()
    assert service["restart"] == "no"
    assert service["networks"] == {"default": {"aliases": ["cache"]}, "back": {"aliases": ["r", "cache"]}}


def test_rights_that_a_service_asks_for_by_other_ways_are_not_given():
    assert redis(security_opt=["seccomp=unconfined"])["security_opt"] == ["no-new-privileges"]


def test_what_must_be_process_1_says_so_in_a_label():
    assert "pid" not in redis(labels={PROCESS_ONE: "true"})
    assert redis(labels={PROCESS_ONE: "false"})["pid"] == "container:keeper"


def test_networks_and_volumes_get_names_and_labels_of_the_run():
    model = make(
        networks={"default": {"name": "shared", "ipam": {"config": [{"subnet": "10.0.0.0/24"}]}}, "back": None},
        volumes={"data": {"name": "precious", "driver": "local"}},
    )
    assert model["networks"]["default"] == {"name": "runner-1_default", "labels": LABELS}
    assert model["networks"]["back"] == {"name": "runner-1_back", "labels": LABELS}
    assert model["volumes"] == {"data": {"name": "runner-1_data", "driver": "local", "labels": LABELS}}
    assert model["name"] == "runner-1"


def test_without_egress_every_network_is_internal_and_the_host_has_no_address_in_it():
    networks = make(egress=False, networks={"default": {}, "back": {"driver_opts": {"a": "b"}}})["networks"]
    inhibited = {"com.docker.network.bridge.inhibit_ipv4": "true"}
    assert all(each["internal"] for each in networks.values())
    assert networks["default"]["driver_opts"] == inhibited
    assert networks["back"]["driver_opts"] == {"a": "b", **inhibited}


def test_a_network_that_is_internal_stays_so():
    assert make(networks={"back": {"internal": True}})["networks"]["back"]["internal"]


def test_an_image_that_was_built_is_not_built_again():
    service = redis(build={"context": "/x"}, images={"redis": "ours:1"}, pull_policy="always")
    assert service["image"] == "ours:1"
    assert service.keys() & {"build", "pull_policy"} == set()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"privileged": True}, "`privileged: true`"),
        ({"network_mode": "host"}, "`network_mode: host`"),
        ({"pid": "host"}, "`pid: host`"),
        ({"ipc": "host"}, "`ipc: host`"),
        ({"networks": {"default": {"external": True}}}, "`external: true`"),
        ({"volumes": {"data": {"external": True}}}, "`external: true`"),
    ],
)
def test_what_would_leave_the_run_is_refused(changes, said):
    with pytest.raises(SettingsError) as caught:
        make(**changes)
    assert said in caught.value.cause


def test_services_that_build_and_services_that_pull():
    model = {"services": {"a": {"build": {"context": "."}, "image": "named"}, "b": {"image": "redis:7"}}}
    assert find_builds(model) == {"a": {"context": "."}}
    assert find_images(model) == {"b": "redis:7"}
