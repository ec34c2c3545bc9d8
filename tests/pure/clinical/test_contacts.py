"""Whom to call, as the header of a document names them: each person once, without a number, and nobody else of the header."""

from tests.pure.clinical.kinds import faults_in, of_type, read_section
from tests.pure.clinical.samples import codes_of


def informant(kind: str, family: str = "PETIT", inside: str = "") -> str:
    name = f"<relatedPerson><name><given>Anne</given><family>{family}</family></name></relatedPerson>"
    code = '<code code="SIS" codeSystem="2.16.840.1.113883.5.111" displayName="Sœur"/>'
    phone = '<telecom value="tel:+33600000000" use="MC"/>'
    return f'<informant><relatedEntity classCode="{kind}">{inside}{code}{phone}{name}</relatedEntity></informant>'


def test_who_is_to_be_called_and_trusted_is_one_contact_with_both_roles() -> None:
    found = read_section("11450-4", informants=informant("ECON") + informant("NOK"))
    (person,) = of_type(found.facts, "RelatedPerson")
    assert faults_in(found) == []
    assert [codes_of(role) for role in person["relationship"]] == [{"C", "ECON"}, {"SIS"}, {"NOK"}]
    assert person["name"] == [{"family": "PETIT", "given": ["Anne"]}]
    assert person["telecom"] == [{"system": "phone", "value": "+33600000000", "use": "mobile"}]
    assert [fact.key for fact in found.facts] == ["header.contact.1"]


def test_two_people_are_two_contacts() -> None:
    found = read_section("11450-4", informants=informant("ECON") + informant("NOK", "MOREL"))
    assert [one["name"][0]["family"] for one in of_type(found.facts, "RelatedPerson")] == ["PETIT", "MOREL"]


def test_a_contact_has_no_number_by_which_somebody_could_be_found() -> None:
    number = '<id root="1.2.250.1.213.1.4.8" extension="180017512345618"/>'
    (person,) = of_type(read_section("11450-4", informants=informant("ECON", inside=number)).facts, "RelatedPerson")
    assert "identifier" not in person


def test_who_only_informed_is_no_contact() -> None:
    nameless = '<informant><relatedEntity classCode="ECON"><telecom value="tel:+33600000000"/></relatedEntity></informant>'
    for other in (informant("CON"), informant("PAT"), nameless):
        assert read_section("11450-4", informants=other).facts == ()
