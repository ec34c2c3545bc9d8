"""Elements of FHIR R4 as the writer of clinical documents knows them: codes by OID, days, amounts, products, people."""

from datetime import date, datetime

from healthspace.base.fhirjson import Resource
from healthspace.cda.write.codes import ATC, CIP, CIS, Code, Identifier
from healthspace.cda.write.products import Ingredient, Product
from healthspace.cda.write.values import Named
from healthspace.terminology.code_systems import oid_named


class Unsaid(Exception):
    """A document has no room for what a resource says: `args[0]` is a short reason, never what it said."""


def code_of(concept: Resource | None) -> Code | None:
    """The first coding whose system has an OID, the others as its translations; None when there is none."""
    codes = codes_of(concept)
    text = (concept or {}).get("text") or ""
    return Code(codes[0].code, codes[0].system, codes[0].display or text, codes[1:]) if codes else None


def codes_of(concept: Resource | None) -> tuple[Code, ...]:
    """The codings whose systems have an OID."""
    listed = ((oid_named(one.get("system", "")), one) for one in (concept or {}).get("coding", ()) if one.get("code"))
    return tuple(Code(one["code"], oid, one.get("display", "")) for oid, one in listed if oid)


def required_code(concept: Resource | None) -> Code:
    code = code_of(concept)
    if code is None:
        raise Unsaid("code")
    return code


def name_of(concept: Resource | None) -> str:
    """What people call it: its words, else a display, else a code; "" when it says nothing."""
    codings = (concept or {}).get("coding", ())
    names = [one["display"] for one in codings if one.get("display")] + [one["code"] for one in codings if one.get("code")]
    return str((concept or {}).get("text") or next(iter(names), ""))


def day_of(text: str | None) -> date | None:
    """A day; None when nothing is said. Unsaid when it is vaguer than a day: the writer would make one up."""
    if not text:
        return None
    if len(text) < len("2000-01-01"):
        raise Unsaid("time")
    return date.fromisoformat(text[:10])


def required_day(text: str | None) -> date:
    day = day_of(text)
    if day is None:
        raise Unsaid("time")
    return day


def moment_of(text: str | None) -> date:
    """A day, or a time to the second. Unsaid for what is vaguer, and when nothing is said."""
    return datetime.fromisoformat(text) if text and "T" in text else required_day(text)


def digits_of(number: object) -> str:
    """A number as it was written."""
    return str(getattr(number, "text", number))


def unit_of(quantity: Resource) -> str:
    """The unit: its code, else its words. Unsaid when they are several, which CDA does not allow."""
    unit = str(quantity.get("code") or quantity.get("unit") or "")
    if any(letter.isspace() for letter in unit):
        raise Unsaid("unit")
    return unit


def product_of(concept: Resource | None, details: Resource | None = None) -> Product:
    """A medicine or a vaccine; `details` is the contained Medication that says more of it."""
    by_system: dict[str, Code] = {}
    others = []
    for code in codes_of(concept):
        if code.system in {ATC, CIS, CIP} and code.system not in by_system:
            by_system[code.system] = code
        else:
            others.append(code)
    name, said = name_of(concept), details or {}
    if not name:
        raise Unsaid("code")
    ingredients = tuple(_ingredient(one) for one in said.get("ingredient", ()))
    form = code_of(said.get("form")) if ingredients else None
    return Product(name, by_system.get(ATC), by_system.get(CIS), by_system.get(CIP), form, ingredients, tuple(others))


def _ingredient(one: Resource) -> Ingredient:
    item, strength = one.get("itemCodeableConcept"), one.get("strength") or {}
    top, bottom = strength.get("numerator") or {}, strength.get("denominator") or {}
    amount, per = (digits_of(part["value"]) if "value" in part else "" for part in (top, bottom))
    return Ingredient(name_of(item), code_of(item), amount, unit_of(top), per or "1", unit_of(bottom))


def somebody(reference: Resource | None) -> Named | None:
    """Whom a logical reference names."""
    number, name = (reference or {}).get("identifier") or {}, (reference or {}).get("display")
    if not name:
        return None
    root = oid_named(number.get("system", ""))
    return Named(name, Identifier(root, number["value"]) if root and number.get("value") else None)
