"""The class of a document, from its type (association table ASS_X04 of the French framework, version of 26/04/2024).

Types are LOINC codes or codes of TRE_A05 (OID 1.2.250.1.213.1.1.4.12); no code is in both, so that a code alone is enough.
"""

from healthspace.terminology.uris import URIS

CLASS_SYSTEM = "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument"
"""Canonical URL of TRE_A03, the classes of documents."""

SIGNATURE_CLASS = "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1"
"""The class of detached signatures is a URI, not a code of TRE_A03 (IHE DSG)."""

DEFAULT_CLASS = "10"
"""Given to a type that the table does not know (101881-1, and whatever comes later): the framework's most general class."""

_TYPES_BY_CLASS = {
    "10": """10213-7 11488-4 11490-0 11493-4 11502-2 11505-5 11506-3 11526-1 11528-7 15507-7 15508-5 24611-6 27899-4 28617-9
        28653-4 29274-8 29554-3 34112-3 34120-6 34749-2 34794-8 34874-8 34875-5 39256-3 46241-6 47420-5 51969-4 59283-2 60568-3
        67851-6 70004-7 75482-0 75492-9 75496-0 75497-8 77436-4 78513-9 78601-2 83981-1 85208-7 89233-1 93024-8 96349-6 BIL_AUTO
        DOCPAT03 DOCPAT05 DOCPAT06""",
    "11": """18761-7 34133-9 34842-5 56445-0 57055-6 57057-2 57075-4 60280-5 60591-5 68599-0 68817-6 74207-2 78341-5 78489-2
        80820-4 83836-7 83901-9 88348-8 89235-6 DOCPAT01 DOCPAT08 EXPORT_DUI SYNTH""",
    "31": "18748-4 52040-3 DOCPAT04 IMG-KOS",
    "42": """29551-9 52063-5 52521-2 55115-0 57828-6 57832-8 57833-6 61357-0 75468-9 DOCPAT02 PRESC-AAT PRESC-BIO PRESC-INF
        PRESC-KINE PRESC-ORTHOPHO PRESC-ORTHOPTIE PRESC-PEDI""",
    "43": "29550-1 60593-1 DISP_AUT",
    "44": "18776-5 77604-7 80771-9 80788-3 83869-8 PROT_ALD",
    "45": "80565-5",
    "52": "11369-6 87273-9 89601-9 96173-0 96874-3 CERT_DECL DOCPAT07",
    "60": "REMB",
    "90": "74465-6 DOCPAT10 EXPPAT_1 EXPPAT_2 EXPPAT_3",
    "95": """51851-4 56446-8 59284-0 86531-1 ATTEST-ASS-COMPL ATTEST-DROITS-AM ATTEST-HEBGT ATTEST-RESID AUTORIS-SOINS
        CONTACTS-URGENCE DOCPAT09 FICHE-CONTACTS PIECE-IDENTITE""",
    "99": "FEUILLE-DE-STYLE",
    SIGNATURE_CLASS: "E1762",
}

CLASS_OF_TYPE = {kind: document_class for document_class, kinds in _TYPES_BY_CLASS.items() for kind in kinds.split()}


def class_of_type(code: str) -> str | None:
    """The class of a type of document; None when the table has no row for it (see `DEFAULT_CLASS`)."""
    return CLASS_OF_TYPE.get(code)


def class_system(document_class: str) -> str:
    """The system of a class code: TRE_A03, or URIs for the class of signatures."""
    return URIS if document_class.startswith("urn:") else CLASS_SYSTEM
