"""The containers of runs that live, for other processes than the run's own."""

from collections import defaultdict
from collections.abc import Mapping

import docker

from runner.engines.docker.connect import translate
from runner.engines.docker.leftovers import has_living_owner, list_objects


def find_living(client: docker.DockerClient, run: str = "") -> Mapping[str, Mapping[str, str]]:
    """The ids of running containers by their roles, for each run with a living owner, or for one.

    Raises:
        EngineError: the engine does not answer.
    """
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    with translate("cannot look for the containers of runs"):
        for each in list_objects(client, run):
            if each.run and each.kind == "container" and each.status == "running" and has_living_owner(each):
                found[each.run][each.role] = each.id
    return found
