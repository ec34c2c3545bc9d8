"""What an adversary asks: every way to a record, through /fhir and the pages, and how much work each answer was."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from healthspace.base.ids import new_id
from healthspace.edge.portal.session import SESSION
from healthspace.identity.personas import Role
from healthspace.record.spaces import owner_of_patient
from tests.documents import query_by_ins
from tests.edge.conversation import Desk, binary_of
from tests.harness import token_of

ALWAYS = "date=ge2000-01-01&date=le2099-01-01&_count=1000"
FHIR = f"""
    DocumentReference?patient={{p}}&_total=accurate
    DocumentReference?patient={{p}}&_summary=count
    DocumentReference?patient={{p}}&_count=1
    DocumentReference?patient={{p}}&_lastUpdated=gt2020-01-01
    DocumentReference?patient={{p}}&_sort=-_lastUpdated
    DocumentReference?patient={{p}}&_sort=-date
    DocumentReference?patient={{p}}&status=current,superseded,entered-in-error
    DocumentReference?patient={{p}}&security-label=MASQUE_PS,INVISIBLE_PATIENT,INVISIBLE_REPRESENTANTS_LEGAUX
    DocumentReference?patient={{p}}&isArchived=true,false
    DocumentReference?patient={{p}}&_include=*&_revinclude=*
    DocumentReference?patient={{p}}&_filter=status eq current
    DocumentReference?patient={{p}}&type:not=11502-2
    DocumentReference?patient={{p}}&identifier={{unique}}
    DocumentReference?identifier={{unique}}
    DocumentReference?patient.identifier={{ins}}
    DocumentReference?_id={{document}}
    DocumentReference?patient={{p}}&relatesto=DocumentReference/{{document}}
    DocumentReference/{{document}}
    DocumentReference/{{document}}?_format=xml
    DocumentReference/{{document}}/_history
    DocumentReference/{{document}}/_history/1
    Binary/{{binary}}
    List?patient={{p}}&code=submissionset&_total=accurate
    List?patient={{p}}&_include=List:item
    List?patient={{p}}&item=DocumentReference/{{document}}
    Observation?patient={{p}}&_total=accurate
    Observation?patient={{p}}&_summary=count
    Observation?patient={{p}}&_lastUpdated=gt2020
    Observation?patient={{p}}&code=2345-7&_sort=-date&_count=1
    Observation?patient={{p}}&value-quantity=gt9
    Observation?patient={{p}}&_has:Provenance:target:recorded=ge2020
    Observation/$lastn?patient={{p}}&category=laboratory
    AllergyIntolerance?patient={{p}}
    Immunization?patient={{p}}
    Provenance?patient={{p}}
    Communication?patient={{p}}
    Communication?patient={{p}}&_summary=count
    Consent?patient={{p}}
    CareTeam?patient={{p}}
    RelatedPerson?patient={{p}}
    Basic?patient={{p}}
    AuditEvent?patient={{p}}&{ALWAYS}
    AuditEvent?patient={{p}}&entity=DocumentReference/{{document}}&{ALWAYS}
    Patient/{{p}}
    Patient/{{p}}/_history
    Patient/{{p}}/$everything
    Patient/{{p}}/$everything?_since=2020-01-01
    Patient/{{p}}/$everything?_count=2
    Patient/{{p}}/$summary
    Patient/{{p}}/Observation
    Patient/{{p}}/*
    Patient/{{p}}/$preview-access?professional=81000000029
    Patient?_id={{p}}&_has:Observation:patient:code=2345-7
    Patient?_id={{p}}&_has:DocumentReference:patient:type=60591-5
    Patient?identifier={{ins}}
"""
PAGES = (
    "/summary /results /results/glucose /measures /treatments /vaccination /wishes /timeline /access /corrections /privacy /relatives "
    "/documents/{document} /documents/{document}/newest /documents/{document}/original /documents/{document}/change/hide "
    "/documents/{document}/change/archive /privacy/team /settings /settings/export /settings/print "
    "/corrections/new?about=DocumentReference/{document}"
).split()
OF_OTHERS = ["", "?q=arachide", "?q=glucose", *PAGES]
OF_ONES_OWN = ["/", "/documents", "/documents?q=arachide", "/notifications", *PAGES]
UNSTEADY = (
    r'"(timestamp|lastUpdated)":"[^"]*"',
    r"(_?cursor|after)=[^\"&]*",
    r'"fullUrl":"urn:uuid:[^"]*"',
    r"(?s)<div class=\"late\".*?</div>",
    r'"date":"\d{4}-\d\d-\d\dT[^"]*"',
    r'name="once" value="[^"]*"',
    r"imprimé le [^<]*",
    r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f-]{17}",
)
"""What differs between two answers that say the same: moments, places in pages, ends of sessions, ids made of moments, keys of forms."""
TELLING = r"BENALI|Laboratoire[^<\"]{0,40}|Ajout[^<\"]{0,40}|otification[^<\"]{0,20}|Healthspace|DocumentReference/[0-9a-f-]+"
"""Of a page that also tells the adversary's own looks, what it would say of those of others."""

Answer = tuple[int, list[tuple[str, str]], str]


@dataclass(frozen=True)
class Target:
    """A document, or one that never was: what is asked about it in the record of `patient`."""

    patient: UUID
    document: str
    binary: str
    unique: str

    def asked(self, path: str) -> str:
        told = {"p": self.patient, "ins": query_by_ins(1), "document": self.document, "binary": self.binary, "unique": self.unique}
        return path.format(**told)

    def unnamed(self, text: str) -> str:
        """`text` without the names of this target."""
        for name in (self.document, self.binary, self.unique, self.unique.replace(":", "%3A")):
            text = text.replace(name, "…")
        return text


def target_of(patient: UUID, kept: dict[str, Any]) -> Target:
    return Target(patient, kept["id"], binary_of(kept).removeprefix("Binary/"), kept["masterIdentifier"]["value"])


def nothing_in(patient: UUID) -> Target:
    """A document that never was in this record."""
    owner = owner_of_patient(patient)
    return Target(patient, str(new_id(owner)), str(new_id(owner)), "urn:uuid:11111111-1111-4111-8111-111111111111")


async def ask_everything(desk: Desk, who: Role | UUID, target: Target, *, own: bool) -> dict[str, Answer]:
    """Every answer about the record, with what differs anyway taken out."""
    seen = {}
    for path in filter(None, map(str.strip, FHIR.split("\n"))):
        seen[path] = _steady(await desk.get(target.asked(path), who), target, who, path)
    cookie = {"cookie": f"{SESSION}={token_of(desk.service, who)}"}
    for path in OF_ONES_OWN if own else [f"/patients/{{p}}{path}" for path in OF_OTHERS]:
        seen[path] = _steady(await desk.client.get(target.asked(path), headers=cookie), target, who, path)
    return seen


def _steady(answer: httpx.Response, target: Target, who: Role | UUID, path: str) -> Answer:
    headers = [(name, value) for name, value in sorted(answer.headers.items()) if name not in {"content-length", "etag", "last-modified"}]
    text = answer.text
    if path.startswith("AuditEvent"):
        # The adversary's own looks are theirs to read, and there are more of them each time.
        others = [entry for entry in answer.json().get("entry", []) if str(who) not in json.dumps(entry["resource"]["agent"])]
        text = json.dumps(others if isinstance(who, UUID) else [])
    elif path.endswith("$summary") and answer.status_code == 200:
        # Each summary is a document of its own: what its sections tell is what it tells.
        text = json.dumps([section.get("text") for section in answer.json()["entry"][0]["resource"]["section"]])
    elif "/access" in path or path == "/" or path.endswith("/settings/export"):
        text = "\n".join(sorted(set(re.findall(TELLING, text))))
    for pattern in UNSTEADY:
        text = re.sub(pattern, "", text)
    told = [(name, target.unnamed(value)) for name, value in headers]
    return answer.status_code, told, target.unnamed(text)


async def work_of(desk: Desk, method: str, path: str, **sent: Any) -> tuple[httpx.Response, list[str]]:
    """An answer, and the statements that it took."""
    statements: list[str] = []
    with desk.connection.query_logger(lambda told: statements.append(" ".join(told.query.split()))):
        answer = await desk.client.request(method, path, **sent)
    return answer, [one for one in statements if "SAVEPOINT" not in one.upper()]
