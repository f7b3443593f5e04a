"""The suite image with debugpy, for runs that wait for an editor: made when it is first asked for."""

import docker

from runner.core.fingerprint import make_fingerprint
from runner.core.names import make_image_tag
from runner.engines.docker.build import ImageSpec, exists
from runner.engines.docker.suite_image import make_label, pack_tree, select
from runner.engines.docker.system import read_folder
from runner.engines.docker.workshop import Workshop
from runner.engines.protocol import Progress

SHARED = ("build/with-certificates.sh", "build/ca.pem", "build/index.env")
"""Files of the suite's build that are needed here too."""


def make_tag(suite: ImageSpec) -> str:
    """The image's name, by the suite image and what is added."""
    inputs = {**read_folder("debugger"), "suite": suite.tag.encode()}
    return make_image_tag("debugger", make_fingerprint(inputs), suite.arguments["PROJECT"])


def ensure_debugger(client: docker.DockerClient, suite: ImageSpec, progress: Progress) -> tuple[str, bool]:
    """Make the image where it is missing; its name, and whether it was.

    Raises:
        ImageError: a step failed.
    """
    tag = make_tag(suite)
    if exists(client, tag):
        return tag, False
    progress(f"making {tag}")
    own = {f"build/{name}": content for name, content in read_folder("debugger").items()}
    shared = {name: content for name, content in select(suite.files, "build/").items() if name in SHARED}
    with Workshop(client, suite.tag, tag) as shop:
        shop.put(pack_tree({**own, **shared}))
        shop.run(["sh", "/build/install.sh"], progress)
        shop.commit([make_label("debugger", suite)], progress)
    return tag, True
