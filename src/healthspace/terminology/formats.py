"""The format of a CDA document, from its model (association table ASS_A11 of the French framework, version of 29/06/2026)."""

from collections.abc import Iterable
from dataclasses import dataclass

ANS_SCHEME = "1.2.250.1.213.1.1.4.2.282"
IHE_SCHEME = "1.3.6.1.4.1.19376.1.2.3"
MODELS = "1.2.250.1.213.1.1.1."
"""Root of the templates that the French agency gives to its document models."""
UNSTRUCTURED = "1.3.6.1.4.1.19376.1.2.20"
"""Template of a body that is a file (IHE XDS-SD, "level 1")."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format code and the OID of the scheme it belongs to."""

    code: str
    scheme: str


FALLBACK = Format("urn:asipSante:modelesHorsProfils:2011", ANS_SCHEME)
"""For models without a row: rapid tests (59), DLU emergency sheets (61, 62), models still to come."""

_ANS_FORMATS = """
    5.1 urn:asip:ci-sis:cse-cs8:2017
    5.2 urn:asip:ci-sis:cse-cs9:2017
    5.3 urn:asip:ci-sis:cse-cs24:2017
    5.4 urn:ans:ci-sis:cse-mde:2023
    8 urn:asip:ci-sis:frcp:2011
    9 urn:asip:ci-sis:idap:2011
    10 urn:asip:ci-sis:cva:2017
    12.1 urn:asip:ci-sis:obp-sap:2023
    12.2 urn:asip:ci-sis:obp-snm:2023
    12.3 urn:asip:ci-sis:obp-sne:2023
    12.4 urn:asip:ci-sis:obp-scm:2023
    12.5 urn:asip:ci-sis:obp-sem:2023
    13 urn:asip:ci-sis:vsm:2012
    15 urn:asip:ci-sis:aunv:2013
    16 urn:asip:ci-sis:eunv:2013
    17 urn:asip:ci-sis:sunv:2013
    18 urn:asip:ci-sis:crrtn:2013
    2.1.1 urn:asip:ci-sis:avk:2009
    2.1.2 urn:asip:ci-sis:tap:2009
    2.1.3 urn:asip:ci-sis:dci:2009
    2.1.4 urn:asip:ci-sis:psc:2009
    2.1.5 urn:asip:ci-sis:ppv:2009
    20 urn:asip:ci-sis:pps-paerpa:2017
    21 urn:asip:ci-sis:ldl-ees:2017
    22 urn:asip:ci-sis:dlu:2015
    23 urn:asip:ci-sis:fludt:2017
    24 urn:asip:ci-sis:fludr:2017
    25 urn:asip:ci-sis:pavc:2016
    26 urn:asip:ci-sis:pps-cancer:2017
    27 urn:asip:ci-sis:d2lm-fin:2017
    28 urn:asip:ci-sis:d2lm-fidd:2017
    29 urn:asip:ci-sis:ldl-ses:2017
    30 urn:asip:ci-sis:sdm-mr:2017
    32 urn:asip:ci-sis:crgm:2018
    36 urn:asip:ci-sis:hr:2019
    37 urn:asip:ci-sis:vac:2019
    38 urn:asip:ci-sis:tlm-da:2020
    40 urn:asip:ci-sis:cr-anest:2020
    41 urn:asip:ci-sis:cr-cpa:2020
    46 urn:asip:ci-sis:vac-note:2021
    47 urn:ans:ci-sis:img-da:2022
    48 urn:asip:ci-sis:dlu-dlu-dom:2022
    49 urn:asip:ci-sis:dlu-fludt-dom:2022
    50 urn:asip:ci-sis:dlu-fludr-dom:2022
    52 urn:ans:ci-sis:bio-ep-bio:2022
    56 urn:asip:ci-sis:ppp:2023
    58 urn:asip:ci-sis:export-dui:2023
"""

_IHE_FORMATS = """
    39 urn:ihe:pharm:pre:2010
    42 urn:ihe:eyecare:geneyeevalcn:2014
    43 urn:ihe:eyecare:geneyeevalcn:2014
    44 urn:ihe:eyecare:geneyeevalcn:2014
    45 urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013
    51 urn:ihe:pcc:ips:2020
    54 urn:ihe:pharm:dis:2010
    55 urn:ihe:lab:xd-lab:2008
    57 urn:ihe:palm:apsr:2016
"""


def _read_rows(rows: str, scheme: str) -> dict[str, Format]:
    pairs = (line.split() for line in rows.strip().splitlines())
    return {MODELS + tail: Format(code, scheme) for tail, code in pairs}


FORMAT_OF_TEMPLATE = {
    **_read_rows(_ANS_FORMATS, ANS_SCHEME),
    **_read_rows(_IHE_FORMATS, IHE_SCHEME),
    "1.3.6.1.4.1.19376.1.3.3": Format("urn:ihe:lab:xd-lab:2008", IHE_SCHEME),
    "1.3.6.1.4.1.19376.1.8.1.1.1": Format("urn:ihe:pat:apsr:all:2010", IHE_SCHEME),
}

FORMAT_OF_FILE = {
    "application/pdf": Format("urn:ihe:iti:xds-sd:pdf:2008", IHE_SCHEME),
    "text/plain": Format("urn:ihe:iti:xds-sd:text:2008", IHE_SCHEME),
    "image/jpeg": Format("urn:ihe:iti-fr:xds-sd:jpeg:2010", IHE_SCHEME),
    "text/rtf": Format("urn:ihe:iti-fr:xds-sd:rtf:2010", IHE_SCHEME),
    "application/rtf": Format("urn:ihe:iti-fr:xds-sd:rtf:2010", IHE_SCHEME),
    "image/tiff": Format("urn:ihe:iti-fr:xds-sd:tiff:2010", IHE_SCHEME),
}
"""Formats of unstructured bodies by media type; also those of a file deposited without a CDA around it."""


def format_of(templates: Iterable[str], file_type: str | None = None) -> Format:
    """The format of a document with these template OIDs; `file_type` is the media type of an unstructured body.

    The agency's own models come before the international templates that a document also names.
    """
    known = tuple(templates)
    if file_type is not None:
        return FORMAT_OF_FILE.get(file_type.partition(";")[0].strip().lower(), FALLBACK)
    ordered = sorted(known, key=lambda template: not template.startswith(MODELS))
    return next((FORMAT_OF_TEMPLATE[template] for template in ordered if template in FORMAT_OF_TEMPLATE), FALLBACK)
