"""What holds for every resource of R4: it is valid, comes back from XML and JSON as it was, and is found by each value it has."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthspace.base.errors import HealthspaceError, Invalid
from healthspace.fhir.exact_json import read_json, write_json
from healthspace.fhir.resource_types import NAMES
from healthspace.fhir.searching.extract import extract
from healthspace.fhir.searching.match import matches
from healthspace.fhir.searching.model import Kind
from healthspace.fhir.searching.parameters import parameters_of
from healthspace.fhir.searching.paths import Alternative, Step, compile_path, parse
from healthspace.fhir.validate import validate
from healthspace.fhir.xml_reading import read_xml
from healthspace.fhir.xml_writing import write_xml
from healthspace.resources.grammar import Chain, Reverse, Term, read_search
from tests.pure.fhir_generated import resources

SLOW = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(resources())
def test_a_resource_made_by_the_definitions_is_valid(resource: dict[str, Any]) -> None:
    assert validate(resource) == []


@SLOW
@given(resources())
def test_a_resource_comes_back_from_json_and_from_xml_to_the_letter(resource: dict[str, Any]) -> None:
    written = write_json(resource)
    assert write_json(read_json(written)) == written
    assert write_json(read_xml(write_xml(read_json(written)))) == written


@SLOW
@given(resources())
def test_what_a_resource_says_finds_it(resource: dict[str, Any]) -> None:
    type_ = resource["resourceType"]
    for name, parameter in parameters_of(type_).items():
        if parameter.kind is not Kind.TOKEN:
            continue
        branches = set(parameter.branches)
        for branch, system, code in extract(resource).tokens:
            plain = not set(f"{system or ''}{code}") & set(",|$\\")
            if branch in branches and plain:
                assert matches(resource, parameter, "", [code]), (name, code)
                assert matches(resource, parameter, "", [f"{system or ''}|{code}"]), (name, system, code)


@SLOW
@given(resources(), st.data())
def test_a_damaged_resource_is_refused_and_never_breaks(resource: dict[str, Any], data: st.DataObject) -> None:
    damaged = dict(resource)
    key = data.draw(st.sampled_from(sorted(damaged)))
    damaged[key] = data.draw(st.sampled_from([None, [], {}, "", [None], {"x": 1}, 1.5, "\x00", [[1]]]))
    if key == "resourceType":
        return
    assert validate(damaged) != [] or damaged[key] == 1.5


NAMES_OF_STEPS = st.from_regex(r"[a-z][A-Za-z0-9]{0,8}", fullmatch=True).filter(lambda name: name not in {"as", "and", "where", "exists"})
STEPS = st.one_of(
    st.builds(Step, st.just("member"), NAMES_OF_STEPS),
    st.builds(Step, st.just("as"), st.sampled_from(["Quantity", "CodeableConcept", "dateTime"])),
    st.builds(Step, st.just("where"), NAMES_OF_STEPS, st.from_regex(r"[a-z ]{0,8}", fullmatch=True)),
    st.builds(Step, st.just("extension"), st.just("urn:x")),
)
SPELLED = {
    "member": "{0.name}",
    "as": "as({0.name})",
    "where": "where({0.name}='{0.value}')",
    "extension": "extension('{0.name}')",
}


@given(st.sampled_from(["Patient", "Observation", "Resource"]), st.lists(STEPS, min_size=1, max_size=5), st.booleans())
def test_a_path_is_read_as_it_is_spelled(root: str, steps: list[Step], spaced: bool) -> None:
    steps = [Step("member", "value"), *steps]
    dot = " . " if spaced else "."
    spelled = root + "".join(f"{dot}{SPELLED[step.kind].format(step)}" for step in steps)
    assert parse(spelled) == [Alternative(root, tuple(steps))]
    assert parse(f"{spelled} | {spelled}") == [Alternative(root, tuple(steps))] * 2


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z.()'|=! ]{0,60}", fullmatch=True))
def test_whatever_is_written_as_a_path_is_compiled_or_refused(text: str) -> None:
    try:
        for alternative in parse(text):
            walk = compile_path("Observation", alternative)
            list(walk.nodes({"resourceType": "Observation", "code": {"coding": [{"code": "a"}]}, "valueQuantity": {"value": 1}}))
    except Invalid:
        pass


VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.text(max_size=30) | st.sampled_from(["_has:x", "a.b.c", "_sort", "_count"]), VALUES), max_size=4),
)
def test_whatever_is_asked_is_read_or_refused_by_name(type_: str, terms: list[tuple[str, str]]) -> None:
    try:
        asked = read_search(type_, terms)
    except HealthspaceError as refused:
        assert refused.place is not None
    else:
        assert asked.type == type_


@given(st.data())
def test_a_question_put_together_is_read_as_its_parts(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(["Observation", "Condition", "Encounter", "Immunization"]))
    plain = sorted(name for name, one in parameters_of(type_).items() if one.kind is Kind.TOKEN and not name.startswith("_"))
    name = data.draw(st.sampled_from(plain))
    values = data.draw(st.lists(st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True), min_size=1, max_size=4))
    asked = read_search(type_, [(name, ",".join(values)), ("patient.name", values[0]), ("_has:Provenance:target:agent", values[0])])
    term, chain, reverse = asked.terms
    assert isinstance(term, Term)
    assert (term.parameter.name, term.values) == (name, tuple(values))
    assert isinstance(chain, Chain)
    assert (chain.parameter.name, chain.name, chain.value) == ("patient", "name", values[0])
    assert isinstance(reverse, Reverse)
    assert (reverse.type, reverse.reference, reverse.name, reverse.value) == ("Provenance", "target", "agent", values[0])
