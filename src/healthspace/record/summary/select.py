"""Which of a citizen's resources go into their summary, and into which section.

A summary is a choice: what is current, and of every measurement and analysis the latest. What was entered in error, refuted or not done
is never a positive entry, and "none known" stands only where nothing contradicts it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from healthspace.base.fhirjson import Resource
from healthspace.profile.merge import merge
from healthspace.record.summary.sections import PARTLY_NONE
from healthspace.record.summary.values import (
    codes_of,
    codings,
    concept_of,
    is_refuted,
    is_withdrawn,
    key_of,
    last_second_of,
    latest_first,
    moment_of,
    none_known,
    second_of,
    status_in,
    value_of,
)
from healthspace.terminology.uris import LOINC, OBSERVATION_CATEGORIES

TYPES = (
    "AllergyIntolerance",
    "CarePlan",
    "Condition",
    "Consent",
    "DeviceUseStatement",
    "DiagnosticReport",
    "Flag",
    "Immunization",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "Specimen",
)
"""Types of the citizen's resources that a summary may need."""
MERGED = (
    *("AllergyIntolerance", "CarePlan", "Condition", "DeviceUseStatement", "Flag"),
    *("Immunization", "MedicationRequest", "MedicationStatement", "Procedure"),
)
"""Of these, what two documents both say is told once. Of results and measurements only the latest is told anyway."""
FINAL = ("final", "amended", "corrected")
PREGNANCY_STATUS = "82810-3"
# IPS value sets pregnancy-expected-delivery-date-method and pregnancies-summary: required bindings.
DELIVERY_DATES = frozenset({"11778-8", "11779-6", "11780-4"})
OUTCOMES = frozenset({"11636-8", "11637-6", "11638-4", "11639-2", "11640-0", "11612-9", "11613-7", "11614-5", "33065-4"})
TOBACCO, ALCOHOL = "72166-2", "74013-4"
VITAL_CODES = frozenset(
    "85353-1 9279-1 8867-4 2708-6 59408-5 8310-5 8302-2 8306-3 9843-4 29463-7 39156-5 85354-9 8480-6 8462-4 3141-9 8287-5".split()
)
"""LOINC codes of vital signs (R4 observation-vitalsigns.html), and those that French laboratories and doctors use beside them."""
YEAR = 366 * 86_400
MOST_REPORTS = 30
CURRENT_REQUESTS = ("active", "on-hold")
CURRENT_STATEMENTS = ("active", "intended", "on-hold")


@dataclass(slots=True)
class Selection:
    """Entries by section key, and what the entries need beside them (panel members, results of a report)."""

    sections: dict[str, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    members: list[Resource] = field(default_factory=list)


def select(resources: Iterable[Resource], now: float) -> Selection:
    """The summary's choice among `resources`; `now` in seconds since 1970."""
    by_type: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        if not is_withdrawn(resource):
            by_type[resource["resourceType"]].append(resource)
    for type_ in MERGED:
        by_type[type_] = [merged.resource for merged in merge(by_type[type_])]
    chosen = Selection()
    put = chosen.sections
    put["allergies"] = _stated(_by_danger(by_type["AllergyIntolerance"]))
    put["medications"] = _medications(by_type["MedicationStatement"], by_type["MedicationRequest"], now)
    _put_conditions(put, by_type["Condition"])
    done = [one for one in by_type["Immunization"] if status_in(one, "completed") or none_known(one)]
    put["immunizations"] = _stated(latest_first(done))
    past = [one for one in by_type["Procedure"] if status_in(one, "completed", "in-progress", "stopped", "unknown") or none_known(one)]
    put["procedures"] = _stated(latest_first(past))
    used = [one for one in by_type["DeviceUseStatement"] if status_in(one, "active", "completed", "intended", "on-hold")]
    put["devices"] = latest_first(used)
    put["directives"] = latest_first([one for one in by_type["Consent"] if _is_directive(one)])
    put["alerts"] = latest_first([one for one in by_type["Flag"] if status_in(one, "active")])
    put["plan"] = latest_first([one for one in by_type["CarePlan"] if status_in(one, "active", "on-hold")])
    _put_observations(chosen, by_type["Observation"])
    _put_reports(chosen, by_type["DiagnosticReport"], by_type["Observation"])
    return chosen


def _stated(resources: list[Resource]) -> list[Resource]:
    """What is stated, in order; or else that there is none; or else that it is not known. One entry for each way of saying none."""
    stated, absent = list[Resource](), dict[str, Resource]()
    for resource in resources:
        code = none_known(resource)
        if code is not None:
            absent.setdefault(code, resource)
        elif not is_refuted(resource) and (concept_of(resource) or "medicationReference" in resource):
            stated.append(resource)
    partly = [resource for code, resource in absent.items() if code in PARTLY_NONE]
    if stated:
        return stated + partly
    none = [resource for code, resource in absent.items() if code.startswith("no-known-") and code not in PARTLY_NONE]
    return none[:1] or partly or list(absent.values())[:1]


def _by_danger(allergies: list[Resource]) -> list[Resource]:
    return sorted(latest_first(allergies), key=lambda one: (one.get("criticality") != "high", not _is_current(one)))


def _is_current(resource: Resource) -> bool:
    status = {code for _, code in codings(resource.get("clinicalStatus"))}
    ended = any(key.startswith("abatement") for key in resource)
    return bool(status & {"active", "recurrence", "relapse"}) or not (status or ended)


def _put_conditions(put: dict[str, list[Resource]], conditions: list[Resource]) -> None:
    ordered = latest_first(conditions)
    current = [one for one in ordered if none_known(one) or _is_current(one)]
    put["problems"] = _stated(current)
    put["past"] = [one for one in ordered if not none_known(one) and not _is_current(one) and not is_refuted(one) and concept_of(one)]


def _medications(statements: list[Resource], requests: list[Resource], now: float) -> list[Resource]:
    """Treatments that go on. A prescription of what is already stated as taken says nothing new."""
    taken = [one for one in statements if status_in(one, *CURRENT_STATEMENTS) and _end_of(one.get("effectivePeriod")) >= now]
    # "No treatment" is stated of a moment: whatever status it came with, it is an entry.
    taken += [one for one in statements if none_known(one) and one not in taken]
    known = {key for one in taken if (key := key_of(concept_of(one)))}
    ordered = [one for one in requests if status_in(one, *CURRENT_REQUESTS) and _goes_on(one, now) and one.get("doNotPerform") is not True]
    listed = latest_first(taken)
    for request in latest_first(ordered):
        key = key_of(concept_of(request))
        if key is None or key not in known:
            listed.append(request)
            known |= {key} if key else set()
    return _stated(listed)


def _goes_on(request: Resource, now: float) -> bool:
    """Whether a prescription may still be followed: until the end that it says, else for a year."""
    bounds = [one.get("timing", {}).get("repeat", {}).get("boundsPeriod") for one in request.get("dosageInstruction", ())]
    ends = [_end_of(period) for period in (request.get("dispenseRequest", {}).get("validityPeriod"), *bounds)]
    said = [end for end in ends if end != float("inf")]
    return max(said) >= now if said else second_of(request.get("authoredOn", "")) >= now - YEAR


def _end_of(period: Resource | None) -> float:
    end = (period or {}).get("end")
    return last_second_of(end) if end else float("inf")


def _is_directive(consent: Resource) -> bool:
    """Wishes for the end of life, not the consents by which the record itself is opened (R4 valueset-consent-category, consent-scope)."""
    concepts = [consent.get("scope"), *consent.get("category", ())]
    found = {code for concept in concepts for _, code in codings(concept)}
    return status_in(consent, "active") and bool(found & {"adr", "acd", "dnr", "polst", "42348-3", "75320-2"})


def _put_observations(chosen: Selection, observations: list[Resource]) -> None:
    """Of each code the latest, in the section of its kind."""
    seen: set[tuple[str, str]] = set()
    for one in latest_first(observations):
        key = key_of(concept_of(one))
        if key is None or key in seen:
            continue
        section = section_of(one)
        if section is not None:
            seen.add(key)
            chosen.sections[section].append(one)


def section_of(observation: Resource) -> str | None:
    """The section that an Observation belongs to; None when a summary has no place for it, or it has no result to show."""
    if not status_in(observation, *FINAL):
        return None
    codes = codes_of(observation.get("code"), LOINC)
    if codes & {PREGNANCY_STATUS, *DELIVERY_DATES, *OUTCOMES}:
        return "pregnancy"
    categories = {code for one in observation.get("category", ()) for code in codes_of(one, OBSERVATION_CATEGORIES)}
    if codes & {TOBACCO, ALCOHOL} or "social-history" in categories:
        return "social"
    has_value = any(value_of(one) is not None for one in (observation, *observation.get("component", ())))
    if "vital-signs" in categories or codes & VITAL_CODES:
        return "vitals" if len(moment_of(observation)) >= len("2000-01-01") and has_value else None
    if categories & {"laboratory", "imaging"}:
        return "results" if has_value and "hasMember" not in observation else None
    return None


def _put_reports(chosen: Selection, reports: list[Resource], observations: list[Resource]) -> None:
    """The latest report of each kind, with every result that it lists and that may be shown."""
    by_name = {f"Observation/{one['id']}": one for one in observations if status_in(one, *FINAL)}
    listed = {id(one) for one in chosen.sections["results"]}
    for report in latest_reports(reports):
        chosen.sections["results"].append(report)
        for member in _members(report.get("result", ()), by_name):
            if id(member) not in listed:
                listed.add(id(member))
                chosen.members.append(member)


def latest_reports(reports: list[Resource]) -> list[Resource]:
    """The latest report of each kind."""
    kinds: dict[tuple[str, str] | None, Resource] = {}
    for report in latest_first([one for one in reports if status_in(one, *FINAL, "appended") and not is_withdrawn(one)]):
        kinds.setdefault(key_of(concept_of(report)), report)
    return list(kinds.values())[:MOST_REPORTS]


def _members(references: Iterable[Resource], by_name: dict[str, Resource]) -> list[Resource]:
    """The Observations that are referred to, and their own members."""
    found: dict[int, Resource] = {}
    waiting = list(references)
    while waiting:
        member = by_name.get(waiting.pop().get("reference", ""))
        if member is not None and id(member) not in found:
            found[id(member)] = member
            waiting += member.get("hasMember", ())
    return list(found.values())
