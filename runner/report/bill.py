"""Shows an image's bill of materials, and writes it in the format of a standard."""

from collections.abc import Callable, Mapping

from runner.core.bill import Bill
from runner.core.materials import Kind
from runner.errors import SettingsError


def print_bill(bill: Bill) -> None:
    """Print it for people."""
    config = bill.config
    facts = {
        "image": bill.image,
        "id": bill.identity,
        "content": bill.content,
        "size": f"{bill.size / 1e6:.1f} MB",
        "base": f"{bill.base or 'unknown'}, {config.architecture}",
        "starts": " ".join([*config.entrypoint, *config.command]),
        "as": f"{config.user or 'root'} in {config.folder}",
    }
    for name, value in facts.items():
        print(f"{name:<8} {value}")
    print("\nvariables")
    for variable in config.environment:
        print(f"  {variable}")
    titles: tuple[tuple[Kind, str], ...] = (("debian", "Debian packages"), ("python", "Python packages"))
    for kind, title in titles:
        found = bill.select(kind)
        print(f"\n{len(found)} {title}")
        for each in found:
            print(f"  {each.name} {each.version}")


def check_format(form: str) -> str:
    """The same format, if it is one that can be written.

    Raises:
        SettingsError: it is none.
    """
    if form not in WRITERS:
        raise SettingsError(f"unknown format `{form}` of a bill of materials", hint=f"use {', '.join(WRITERS)}")
    return form


def make_document(bill: Bill, form: str) -> str:
    """The bill of materials in a standard's format, as JSON.

    Raises:
        SettingsError: the library for it is not installed.
    """
    try:
        return WRITERS[form](bill)
    except ModuleNotFoundError as error:
        raise SettingsError(
            "cannot write a bill of materials",
            f"the package `{error.name}` is not installed",
            "install the extra: `pip install 'ephemeral-runner[sbom]'`",
        ) from None


def write_cyclonedx(bill: Bill) -> str:
    """CycloneDX; its library is an extra, and takes 0.1 s to import."""
    from runner.report.cyclonedx import make_cyclonedx

    return make_cyclonedx(bill)


WRITERS: Mapping[str, Callable[[Bill], str]] = {"cyclonedx": write_cyclonedx}
