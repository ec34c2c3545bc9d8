"""The words of a summary's narrative, French and English."""

from dataclasses import dataclass
from typing import Any

from healthspace.base.fhirjson import DATA_ABSENT, Resource
from healthspace.record.summary.sections import NONE_KNOWN, UNKNOWN

FRENCH = {
    "International Patient Summary": "Résumé patient international",
    "No information about allergies": "Aucune information sur les allergies",
    "No information about devices": "Aucune information sur les dispositifs",
    "No information about immunizations": "Aucune information sur les vaccinations",
    "No information about medications": "Aucune information sur les traitements",
    "No information about problems": "Aucune information sur les problèmes de santé",
    "No information about past history of procedures": "Aucune information sur les actes",
    "No known allergies": "Aucune allergie connue",
    "No known medication allergies": "Aucune allergie médicamenteuse connue",
    "No known environmental allergies": "Aucune allergie environnementale connue",
    "No known food allergies": "Aucune allergie alimentaire connue",
    "No known devices in use": "Aucun dispositif connu",
    "No known immunizations": "Aucune vaccination connue",
    "No known medications": "Aucun traitement connu",
    "No known problems": "Aucun problème de santé connu",
    "No known procedures": "Aucun acte connu",
    "What": "Intitulé",
    "Date": "Date",
    "Details": "Précisions",
    "Status": "État",
    "Result": "Résultat",
    "Reference range": "Valeurs de référence",
    "Dosage": "Posologie",
    "By": "Par",
    "Masked": "Masqué",
    "Not stated": "Non précisé",
    "Laboratory not stated": "Laboratoire non précisé",
    "from": "du",
    "to": "au",
    "since": "depuis le",
    "until": "jusqu’au",
    "lot": "lot",
    "dose": "dose",
    "high": "risque élevé",
    "low": "risque faible",
    "unable-to-assess": "risque non évalué",
    "mild": "légère",
    "moderate": "modérée",
    "severe": "grave",
    "active": "en cours",
    "recurrence": "récidive",
    "relapse": "rechute",
    "inactive": "inactif",
    "remission": "rémission",
    "resolved": "résolu",
    "completed": "terminé",
    "in-progress": "en cours",
    "intended": "prévu",
    "on-hold": "suspendu",
    "stopped": "arrêté",
    "unknown": "non précisé",
    "unconfirmed": "à confirmer",
    "provisional": "provisoire",
    "differential": "hypothèse",
    "confirmed": "confirmé",
    "presumed": "présumé",
    "not-done": "non fait",
    "final": "validé",
    "amended": "résultat modifié",
    "corrected": "résultat corrigé",
    "appended": "complété",
    "H": "au-dessus",
    "HH": "très au-dessus",
    "L": "au-dessous",
    "LL": "très au-dessous",
    "A": "anormal",
    "AA": "très anormal",
    "yes": "oui",
    "no": "non",
}
ENGLISH = {
    "high": "high risk",
    "low": "low risk",
    "unable-to-assess": "risk not assessed",
    "in-progress": "in progress",
    "on-hold": "on hold",
    "not-done": "not done",
    "amended": "amended result",
    "corrected": "corrected result",
    "H": "above",
    "HH": "far above",
    "L": "below",
    "LL": "far below",
    "A": "abnormal",
    "AA": "very abnormal",
    "unknown": "not stated",
}
_ABSENT = {**UNKNOWN, **{code: display for code, (display, _) in NONE_KNOWN.items()}}


@dataclass(frozen=True, slots=True)
class Words:
    """One language: "fr" or "en"."""

    code: str

    def say(self, key: str) -> str:
        return (FRENCH if self.code == "fr" else ENGLISH).get(key, key)

    def concept(self, concept: Resource | None) -> str:
        """What a concept says; "" when it says nothing. A masked one says that it is."""
        if not concept:
            return ""
        for coding in concept.get("coding", ()):
            if coding.get("code") in _ABSENT:
                return self.say(_ABSENT[coding["code"]])
        if text := concept.get("text"):
            return str(text)
        for coding in concept.get("coding", ()):
            if name := coding.get("display") or coding.get("code"):
                return str(name)
        masked = any(one.get("url") == DATA_ABSENT and one.get("valueCode") == "masked" for one in concept.get("extension", ()))
        return self.say("Masked") if masked else ""

    def state(self, concept: Resource | None) -> str:
        """A status in words."""
        code = next((one["code"] for one in (concept or {}).get("coding", ()) if "code" in one), "")
        return self.say(code) if code else ""

    def day(self, moment: str) -> str:
        """A FHIR date as people write it: 03/05/2024, 05/2024, 2024."""
        if self.code == "en":
            return moment[:10]
        return "/".join(reversed(moment[:10].split("-")))

    def period(self, period: Resource) -> str:
        start, end = self.day(period.get("start", "")), self.day(period.get("end", ""))
        if start and end:
            return start if start == end else f"{self.say('from')} {start} {self.say('to')} {end}"
        return f"{self.say('since')} {start}" if start else f"{self.say('until')} {end}" if end else ""

    def number(self, value: Any) -> str:
        text = str(getattr(value, "text", value))
        return text.replace(".", ",") if self.code == "fr" else text

    def quantity(self, quantity: Resource) -> str:
        parts = (quantity.get("comparator"), self.number(quantity["value"]) if "value" in quantity else "", _unit_of(quantity))
        return " ".join(part for part in parts if part)

    def limits(self, limits: Resource) -> str:
        """A range, of which one end may be open."""
        low, high = (self.quantity(limits[end]) if end in limits else "" for end in ("low", "high"))
        return f"{low} – {high}" if low and high else f"≥ {low}" if low else f"≤ {high}" if high else ""

    def value(self, key: str, value: Any) -> str:
        """A `value[x]`, by its key."""
        match key.removeprefix("value"):
            case "Quantity":
                return self.quantity(value)
            case "CodeableConcept":
                return self.concept(value)
            case "Range":
                return self.limits(value)
            case "Ratio":
                return " / ".join(self.quantity(value[part]) for part in ("numerator", "denominator") if part in value)
            case "Period":
                return self.period(value)
            case "DateTime":
                return self.day(value)
            case "Boolean":
                return self.say("yes" if value else "no")
            case "String" | "Time":
                return str(value)
        return self.number(value) if not isinstance(value, dict) else ""


def _unit_of(quantity: Resource) -> str:
    unit = str(quantity.get("unit") or quantity.get("code") or "")
    return "" if unit == "1" else unit
