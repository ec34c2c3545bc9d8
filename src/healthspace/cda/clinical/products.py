"""The product of a treatment, a prescription, a dispensation or a vaccination (CI-SIS FR-Produit-de-sante 43, IHE Pharmacy 6.3.4.1).

Many products have no main code, only translations or words: all that is there is kept, and nothing put in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import reason_of
from healthspace.cda.clinical.statement import Statement, narrated
from healthspace.cda.clinical.values import concept_of, quantity_of
from healthspace.cda.times import read_time
from healthspace.cda.values import Code, Element, attribute, child, read_code, words

MEDICATION = "urn:healthspace:medication"
"""On a resource about a medicine, valueReference: the contained Medication with what a code alone cannot say (form, strength, lot)."""


@dataclass(frozen=True)
class Product:
    """The product that `statement` is about; `element` is its manufacturedProduct, None when it names none."""

    statement: Statement
    element: Element | None

    @cached_property
    def material(self) -> Element | None:
        named = inside(self.element, "manufacturedMaterial")
        return named if named is not None else inside(self.element, "manufacturedLabeledDrug")

    @property
    def code(self) -> Code | None:
        """Its code, to be looked at for "none known"."""
        return read_code(child(self.material, "code"))

    @cached_property
    def concept(self) -> Resource:
        """Its code with every translation and its therapeutic class; only words, or the reason why there are none, without a code."""
        written = child(self.material, "code")
        said = concept_of(self.statement, written) or {}
        if "extension" in said:
            return said
        distinct: dict[tuple[str | None, str], Resource] = {}
        for each in (*said.get("coding", ()), *self._other_codes()):
            distinct.setdefault((each.get("system"), each.get("code", "")), each)
        text = said.get("text") or words(child(self.material, "name")) or ("" if distinct else self._narrated())
        named = compact({"coding": list(distinct.values()), "text": text})
        whole = (written, self.material, self.element, self.statement.element)
        return named or reason_of(next(filter(None, (attribute(each, "nullFlavor") for each in whole)), ""))

    def _narrated(self) -> str:
        """The words of the entry; where they dangle, those that the agency's examples give the ID of a delivered product."""
        target = attribute(child(self.statement.element, "text", "reference"), "value").removeprefix("#")
        delivered = self.statement.source.narrative.get(f"{target}-delivre") if target else None
        return self.statement.text or narrated(delivered)

    def _other_codes(self) -> Iterator[Resource]:
        """The classes and the package that IHE Pharmacy writes beside the code."""
        kinds = (inside(kind, "generalizedMedicineClass", "code") for kind in every(self.material, "asSpecializedKind"))
        packages = (inside(content, "containerPackagedMedicine", "code") for content in every(self.material, "asContent"))
        for element in (*kinds, *packages):
            yield from (concept_of(self.statement, element) or {}).get("coding", ())

    @property
    def lot(self) -> str:
        return words(inside(self.material, "lotNumberText"))

    @property
    def expires(self) -> str:
        """The last day of its use, as a FHIR date or dateTime."""
        raw = attribute(inside(self.material, "expirationTime"), "value")
        return read_time(raw, self.statement.source.zone).fhir if raw else ""

    @property
    def maker(self) -> Resource | None:
        name = words(inside(self.element, "manufacturerOrganization", "name"))
        return {"display": name} if name else None

    def details(self) -> Resource | None:
        """A Medication with its form, strength, package and lot; None when a code says it all."""
        said = compact(
            {
                "manufacturer": self.maker,
                "form": concept_of(self.statement, inside(self.material, "formCode")),
                "amount": self._amount(),
                "ingredient": [said for element in every(self.material, "ingredient") if (said := self._ingredient(element))],
                "batch": compact({"lotNumber": self.lot, "expirationDate": self.expires}),
            }
        )
        return {"resourceType": "Medication", "id": "medication", "code": self.concept, **said} if said else None

    def _amount(self) -> Resource | None:
        capacity = quantity_of(inside(self.material, "asContent", "containerPackagedMedicine", "capacityQuantity"))
        return {"numerator": capacity, "denominator": {"value": 1}} if capacity else None

    def _ingredient(self, element: Element) -> Resource | None:
        substance = inside(element, "ingredient")
        item = concept_of(self.statement, inside(substance, "code")) or {}
        text = item.get("text") or words(inside(substance, "name"))
        if not item.get("coding") and not text:
            return None
        active = {"ACTI": True, "ACTIB": True, "ACTIM": True, "ACTIR": True, "IACT": False}.get(attribute(element, "classCode"))
        strength = ratio_of(inside(element, "quantity"))
        return compact({"itemCodeableConcept": compact({**item, "text": text}), "isActive": active, "strength": strength})


def consumed(statement: Statement) -> Product:
    """What `statement` says is given or taken (`consumable`) or supplied (`product`)."""
    product = inside(statement.element, "consumable", "manufacturedProduct")
    return Product(statement, product if product is not None else inside(statement.element, "product", "manufacturedProduct"))


def medication(product: Product) -> Resource:
    """The elements that name the medicine in a resource about it: its concept, and beside it the contained details."""
    details = product.details()
    named: Resource = {"medicationCodeableConcept": product.concept}
    if details is None:
        return named
    return {"contained": [details], "extension": [{"url": MEDICATION, "valueReference": {"reference": "#medication"}}], **named}


def ratio_of(element: Element | None) -> Resource | None:
    """A Ratio; None unless both its numbers are there (FHIR rat-1)."""
    numerator, denominator = quantity_of(inside(element, "numerator")), quantity_of(inside(element, "denominator"))
    return {"numerator": numerator, "denominator": denominator} if numerator and denominator else None


def inside(element: Element | None, *path: str) -> Element | None:
    """The first element at `path`, by local names: senders mix the namespaces of HL7 and IHE Pharmacy inside one product."""
    for name in path:
        element = next(every(element, name), None)
    return element


def every(element: Element | None, name: str) -> Iterator[Element]:
    if element is not None:
        yield from (each for each in element.iterchildren(etree.Element) if etree.QName(each).localname == name)
