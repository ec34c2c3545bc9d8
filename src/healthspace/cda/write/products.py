"""A medicine or a vaccine as CDA and IHE Pharmacy write it (CI-SIS FR-Produit-de-sante), magistral preparations included."""

from dataclasses import dataclass

from healthspace.cda.write.codes import Code, coded, original_text, templates
from healthspace.cda.write.xml import Node, e


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A substance of a preparation: `amount` of `unit` in each `per` (a number) of `per_unit`; a code is not always known."""

    name: str
    code: Code | None = None
    amount: str = ""
    unit: str = ""
    per: str = "1"
    per_unit: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A medicine: its name, its class (ATC), and its French numbers (CIS for the medicine, CIP for the box) when known.

    A magistral preparation has a name and `ingredients`, and no number. `others` is what other systems call it.
    """

    name: str
    atc: Code | None = None
    cis: Code | None = None
    cip: Code | None = None
    form: Code | None = None
    ingredients: tuple[Ingredient, ...] = ()
    others: tuple[Code, ...] = ()


def product_entry(product: Product, mark: str, *, lot: str | None = None, pharmacy: bool = False) -> Node:
    """A manufacturedProduct. `pharmacy` adds what IHE Pharmacy carries: the form, the therapeutic class, the substances."""
    detailed = pharmacy or bool(product.ingredients)
    material = e(
        "manufacturedMaterial",
        *(templates("1.3.6.1.4.1.19376.1.9.1.3.1") if detailed else ()),
        product_code(product, mark),
        e("name", product.name),
        coded("pharm:formCode", product.form) if detailed and product.form else None,
        e("lotNumberText", lot) if lot else None,
        _class_of(product.atc) if pharmacy and product.atc else None,
        *(_ingredient(one) for one in product.ingredients),
        classCode="MMAT",
        determinerCode="KIND",
    )
    parents = ("2.16.840.1.113883.10.20.1.53", "1.3.6.1.4.1.19376.1.5.3.1.4.7.2", "1.2.250.1.213.1.1.3.43")
    return e("manufacturedProduct", *templates(*parents), material, classCode="MANU")


def product_code(product: Product, mark: str) -> Node:
    # A medicine whose CIS is not known has no main code: only its class and its box, as pharmacies write it.
    others = (*(code for code in (product.atc, product.cip) if code), *product.others)
    if product.cis:
        return coded("code", Code(product.cis.code, product.cis.system, product.cis.display, others), mark)
    return e("code", original_text(mark), *(coded("translation", other) for other in others))


def _class_of(atc: Code) -> Node:
    code = e("pharm:code", code=atc.code, displayName=atc.display, codeSystem=atc.system, codeSystemName="ATC")
    generalised = e("pharm:generalizedMedicineClass", code, e("pharm:name", atc.display), classCode="MMAT")
    return e("pharm:asSpecializedKind", generalised, classCode="GRIC")


def _ingredient(one: Ingredient) -> Node:
    amounts = None
    if one.amount:
        numerator = e("numerator", xsi_type="PQ", value=one.amount, unit=one.unit or None)
        denominator = e("denominator", xsi_type="PQ", value=one.per, unit=one.per_unit or None)
        amounts = e("pharm:quantity", numerator, denominator)
    code = coded("pharm:code", one.code) if one.code else None
    substance = e("pharm:ingredient", code, e("pharm:name", one.name), classCode="MMAT", determinerCode="KIND")
    return e("pharm:ingredient", amounts, substance, classCode="ACTI")
