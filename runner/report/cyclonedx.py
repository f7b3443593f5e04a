"""An image's bill of materials as CycloneDX 1.6, by the library of its authors, which is an extra (`sbom`)."""

from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from runner.core.bill import Bill
from runner.core.materials import Material


def make_cyclonedx(bill: Bill) -> str:
    """The document, as JSON."""
    # The same image has the same number, though not the same time of writing.
    number = uuid5(NAMESPACE_URL, bill.content)
    bom = Bom(components=[make_component(each) for each in bill.materials], serial_number=number)
    bom.metadata.component = Component(
        name=bill.image.rpartition(":")[0],
        version=bill.image.rpartition(":")[2],
        type=ComponentType.CONTAINER,
        bom_ref=bill.content,
        properties=[Property(name="ephemeral-runner:content", value=bill.content)],
    )
    bom.register_dependency(bom.metadata.component, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1)


def make_component(material: Material) -> Component:
    """One package, with the address that scanners look it up by."""
    if material.kind == "debian":
        qualifiers = {"arch": material.architecture, "distro": "debian-13"}
        address = PackageURL("deb", "debian", material.name, material.version, qualifiers)
    else:
        address = PackageURL("pypi", None, material.name, material.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=material.sha256)] if material.sha256 else []
    return Component(
        name=material.name,
        version=material.version,
        type=ComponentType.LIBRARY,
        purl=address,
        bom_ref=address.to_string(),
        hashes=hashes,
    )
