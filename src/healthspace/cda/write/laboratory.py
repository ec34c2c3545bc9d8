"""Laboratory report (11502-2): CI-SIS CR-BIO, model 1.2.250.1.213.1.1.1.55, after IHE XD-LAB."""

from dataclasses import dataclass
from datetime import datetime

from healthspace.cda.write.body import Marked, Numbering, Paragraph, Section, Table, write_document
from healthspace.cda.write.codes import LOINC, Code, coded, templates
from healthspace.cda.write.header import at, clock, write_header
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.values import Header
from healthspace.cda.write.xml import Node, e

TYPE = Code("11502-2", LOINC, "CR d’examens biologiques")
MODEL = ("1.3.6.1.4.1.19376.1.3.3", "1.2.250.1.213.1.1.1.55")
CHAPTER = ("1.3.6.1.4.1.19376.1.3.3.2.1", "1.2.250.1.213.1.1.2.70")
SUBCHAPTER = ("1.3.6.1.4.1.19376.1.3.3.2.2", "1.2.250.1.213.1.1.2.71")
ENTRY = ("1.3.6.1.4.1.19376.1.3.1", "1.2.250.1.213.1.1.3.21")
BATTERY = ("1.3.6.1.4.1.19376.1.3.1.4", "1.2.250.1.213.1.1.3.78")
RESULT = ("1.3.6.1.4.1.19376.1.3.1.6", "1.2.250.1.213.1.1.3.80")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the report, such as biochemistry: its measures, in the order a reader expects, and a comment or none."""

    code: Code
    measures: tuple[Measure, ...]
    comment: str = ""


def write_laboratory_report(header: Header, chapters: tuple[Chapter, ...]) -> bytes:
    """The report's bytes. `header.service_start` is when the samples were taken, and the time of each result."""
    numbering = Numbering(header.unique_id)
    sections = tuple(_chapter(chapter, header.service_start, numbering) for chapter in chapters)
    events = tuple(chapter.code for chapter in chapters)
    return write_document(
        write_header(header, model=MODEL, type_code=TYPE, events=events, finished=True),
        sections,
        numbering,
    )


def _chapter(chapter: Chapter, taken: datetime, numbering: Numbering) -> Section:
    rows = tuple(
        (
            Marked(measure.name, measure.mark),
            measure.shown,
            measure.judged,
            measure.usual,
        )
        for measure in chapter.measures
    )
    table = Table(rows, ("Examen", "Résultat", "", "Valeurs de référence"))
    comment = (Paragraph(chapter.comment),) if chapter.comment else ()
    inner = Section(SUBCHAPTER, chapter.code, chapter.code.display, (table, *comment), ())
    return Section(CHAPTER, chapter.code, chapter.code.display, sections=(_filled(inner, chapter, taken, numbering),))


def _filled(section: Section, chapter: Chapter, taken: datetime, numbering: Numbering) -> Section:
    results = tuple(e("component", _result(measure, taken, numbering.next())) for measure in chapter.measures)
    battery = e(
        "organizer",
        *templates(*BATTERY),
        e("id", root=numbering.next()),
        coded("code", chapter.code),
        e("statusCode", code="completed"),
        e("effectiveTime", value=clock(taken)),
        *results,
        classCode="BATTERY",
        moodCode="EVN",
    )
    act = e(
        "act",
        *templates(*ENTRY),
        coded("code", chapter.code),
        e("statusCode", code="completed"),
        e("entryRelationship", battery, typeCode="COMP"),
        classCode="ACT",
        moodCode="EVN",
    )
    return Section(section.templates, section.code, section.title, section.narrative, (act,))


def _result(measure: Measure, taken: datetime, identifier: str) -> Node:
    return e(
        "observation",
        *templates(*RESULT),
        e("id", root=identifier),
        coded("code", measure.code, measure.mark),
        e("statusCode", code="completed"),
        e("effectiveTime", value=at(measure.when or taken)),
        measure.value_node(),
        measure.judgement(),
        measure.usual_range(),
        classCode="OBS",
        moodCode="EVN",
    )
