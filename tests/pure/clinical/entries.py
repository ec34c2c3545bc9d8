"""Entries of our own, to be varied by the tests: a product, a vaccination, a treatment, a problem, an allergy, an act."""

IHE, FRENCH = "1.3.6.1.4.1.19376.1.5.3.1.4.", "1.2.250.1.213.1.1.3."
SNOMED, ICD10, ATC, LOINC = "2.16.840.1.113883.6.96", "2.16.840.1.113883.6.3", "2.16.840.1.113883.6.73", "2.16.840.1.113883.6.1"
ABSENT = "2.16.840.1.113883.5.1150.1"
TA_ASIP = "1.2.250.1.213.1.1.4.322"
DONE = '<statusCode code="completed"/>'
CHILD = '<subject><relatedSubject><code code="CHILD" codeSystem="2.16.840.1.113883.5.111"/></relatedSubject></subject>'


def coded(name: str, code: str, system: str, inside: str = "", display: str = "") -> str:
    shown = f' displayName="{display}"' if display else ""
    return f'<{name} code="{code}" codeSystem="{system}"{shown}>{inside}</{name}>'


def value(code: str, system: str = ICD10, inside: str = "") -> str:
    return f'<value xsi:type="CD" code="{code}" codeSystem="{system}">{inside}</value>'


def low(day: str, high: str = "") -> str:
    end = f'<high value="{high}"/>' if high else ""
    return f'<effectiveTime xsi:type="IVL_TS"><low value="{day}"/>{end}</effectiveTime>'


def at(day: str) -> str:
    return f'<effectiveTime value="{day}"/>'


def linked(kind: str, *entries: str) -> str:
    return "".join(f'<entryRelationship typeCode="{kind}">{entry}</entryRelationship>' for entry in entries)


def product(code: str = coded("code", "J07CA01", ATC), more: str = "") -> str:
    material = f"<manufacturedMaterial>{code}{more}</manufacturedMaterial>"
    return f'<manufacturedProduct><templateId root="{FRENCH}43"/>{material}</manufacturedProduct>'


def administration(template: str, *inside: str, mood: str = "EVN", drug: str = product(), attributes: str = "") -> str:
    """A substanceAdministration: `inside` stands before the product when it is a time or an amount, after it otherwise."""
    after = [each for each in inside if each.startswith(("<performer", "<author", "<participant", "<entryRelationship", "<precondition"))]
    before = [each for each in inside if each not in after]
    return (
        f'<substanceAdministration classCode="SBADM" moodCode="{mood}" {attributes}><templateId root="{FRENCH}{template}"/>'
        f"{''.join(before)}<consumable>{drug}</consumable>{''.join(after)}</substanceAdministration>"
    )


def vaccination(*inside: str, **more: str) -> str:
    return administration("45", DONE, *inside, **more)


def treatment(*inside: str, **more: str) -> str:
    return administration("42", DONE, *inside, **more)


def observation(template: str, *inside: str, mood: str = "EVN", attributes: str = "") -> str:
    parts = "".join(inside)
    return f'<observation classCode="OBS" moodCode="{mood}" {attributes}><templateId root="{FRENCH}{template}"/>{parts}</observation>'


def problem(*inside: str, attributes: str = "") -> str:
    return observation("37", coded("code", "282291009", SNOMED), DONE, *inside, attributes=attributes)


def allergy(*inside: str, attributes: str = "", kind: str = "416098002") -> str:
    return observation("41", coded("code", kind, SNOMED), DONE, *inside, attributes=attributes)


def agent(code: str = coded("code", "J01CA04", ATC, display="amoxicilline")) -> str:
    entity = f"<playingEntity>{code}</playingEntity>"
    return f'<participant typeCode="CSM"><participantRole classCode="MANU">{entity}</participantRole></participant>'


def concern(template: str, *observations: str, attributes: str = "", status: str = "active") -> str:
    inside = linked("SUBJ", *observations)
    state = f'<statusCode code="{status}"/>'
    return f'<act classCode="ACT" moodCode="EVN" {attributes}><templateId root="{FRENCH}{template}"/>{state}{inside}</act>'


def small(template: str, said: str) -> str:
    """A small observation that completes another one: its status, severity, certainty."""
    return linked("SUBJ", observation(template, DONE, said))


def act(*inside: str, mood: str = "EVN", status: str = "completed", attributes: str = "") -> str:
    parts = "".join(inside)
    state = f'<statusCode code="{status}"/>'
    return (
        f'<procedure classCode="PROC" moodCode="{mood}" {attributes}><templateId root="{FRENCH}62"/>'
        f"{state if 'statusCode' not in parts else ''}{parts}</procedure>"
    )


def reason(code: str, system: str = ICD10) -> str:
    inner = f'<act classCode="ACT" moodCode="EVN"><templateId root="{FRENCH}36"/>{coded("code", code, system)}</act>'
    return linked("RSON", inner)


def comment(mark: str) -> str:
    inner = f'<act classCode="ACT" moodCode="EVN"><templateId root="{FRENCH}32"/><text><reference value="#{mark}"/></text></act>'
    return linked("SUBJ", inner)
