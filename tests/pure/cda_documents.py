"""Small clinical documents of our own, to be varied by the tests: one part replaced at a time."""

import base64

NAMESPACES = (
    'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sdtc="urn:hl7-org:sdtc" '
    'xmlns:lab="urn:oid:1.3.6.1.4.1.19376.1.3.2" xmlns:ps3-20="urn:dicom-org:ps3-20"'
)
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(64)) + b"\xff\xd9"

PATIENT = """<patientRole>
  <id root="1.2.250.1.213.1.4.9" extension="150067512345672"/>
  <id root="1.2.250.1.999.7" extension="IPP-42"/>
  <addr use="H"><houseNumber>3</houseNumber><streetName>rue des Lilas</streetName><postalCode>29200</postalCode><city>BREST</city></addr>
  <telecom value="tel:+33612345678" use="MC"/>
  <patient>
    <name>
      <family qualifier="BR">LE GOFF</family><family qualifier="CL">MARTIN</family>
      <given>YANN ÉRIC</given><given qualifier="BR">YANN</given><given qualifier="CL">Éric</given>
    </name>
    <administrativeGenderCode code="M" codeSystem="2.16.840.1.113883.5.1"/>
    <birthTime value="19500615"/>
    <birthplace><place><addr><county>29019</county><city>BREST</city></addr></place></birthplace>
  </patient>
</patientRole>"""

AUTHOR = """<author>
  <functionCode code="ATTPHYS" codeSystem="2.16.840.1.113883.5.88" displayName="Référent"/>
  <time value="20240702103000+0200"/>
  <assignedAuthor>
    <id root="1.2.250.1.71.4.2.1" extension="810000000011"/>
    <code code="G15_10/SM26" codeSystem="1.2.250.1.213.1.1.4.5" displayName="Médecin généraliste"/>
    <telecom value="mailto:h.morel@mssante.example" use="WP"/>
    <assignedPerson><name><prefix>MME</prefix><given>Hélène</given><family>MOREL</family><suffix>DR</suffix></name></assignedPerson>
    <representedOrganization><id root="1.2.250.1.71.4.2.2" extension="1990000011"/>
      <name>Cabinet des Tilleuls</name></representedOrganization>
  </assignedAuthor>
</author>"""

DEVICE = """<author>
  <time value="20240702"/>
  <assignedAuthor>
    <id root="1.2.250.1.71.4.2.1" extension="5990000001/1.2.3"/>
    <code code="DISPOSITIF" codeSystem="1.2.250.1.213.1.1.4.6"/>
    <assignedAuthoringDevice><manufacturerModelName>.</manufacturerModelName>
      <softwareName>Logiciel X</softwareName></assignedAuthoringDevice>
  </assignedAuthor>
</author>"""

SIGNATORY = """<legalAuthenticator><time value="20240702104500+0200"/><signatureCode code="S"/><assignedEntity>
  <id root="1.2.250.1.71.4.2.1" extension="810000000029"/>
  <assignedPerson><name><family>BENALI</family><given>Karim</given></name></assignedPerson>
</assignedEntity></legalAuthenticator>"""

CUSTODIAN = """<custodian><assignedCustodian><representedCustodianOrganization>
  <id root="1.2.250.1.71.4.2.2" extension="1990000060"/><name>Centre hospitalier de la Loire</name>
</representedCustodianOrganization></assignedCustodian></custodian>"""

EVENT = """<documentationOf><serviceEvent>
  <code code="24727-0" codeSystem="2.16.840.1.113883.6.1" displayName="Scanner">
    <translation code="ACQH004" codeSystem="1.2.250.1.215.300.1"/><translation code="CT" codeSystem="1.2.840.10008.2.16.4"/>
  </code>
  <effectiveTime><low value="202407020900+0200"/><high value="20240702093000+0200"/></effectiveTime>
  <performer typeCode="PRF"><assignedEntity><id root="1.2.250.1.71.4.2.1" extension="810000000029"/>
    <representedOrganization><standardIndustryClassCode code="ETABLISSEMENT" codeSystem="1.2.250.1.213.1.1.4.9"/></representedOrganization>
  </assignedEntity></performer>
</serviceEvent></documentationOf>"""

ENCOUNTER = """<componentOf><encompassingEncounter>
  <code code="IMP" codeSystem="2.16.840.1.113883.5.4" displayName="Hospitalisation"/>
  <effectiveTime><low value="20240701"/></effectiveTime>
  <location><healthCareFacility><code code="SA01" codeSystem="1.2.250.1.71.4.2.4"/></healthCareFacility></location>
</encompassingEncounter></componentOf>"""

PARTS = {
    "templates": '<templateId root="1.2.250.1.213.1.1.1.1"/><templateId root="1.2.250.1.213.1.1.1.13" extension="2022.01"/>',
    "id": '<id root="1.2.250.1.999.1" extension="DOC-1"/>',
    "code": '<code code="11490-0" codeSystem="2.16.840.1.113883.6.1" displayName="Lettre de liaison"/>',
    "title": "<title>Lettre de sortie</title>",
    "time": '<effectiveTime value="20240702101500+0200"/>',
    "confidentiality": '<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/>',
    "language": '<languageCode code="fr-FR"/>',
    "set_id": '<setId root="1.2.250.1.999.1" extension="LOT-1"/><versionNumber value="3"/>',
    "record": f"<recordTarget>{PATIENT}</recordTarget>",
    "authors": AUTHOR,
    "informants": "",
    "custodian": CUSTODIAN,
    "signatory": SIGNATORY,
    "participants": "",
    "orders": "",
    "event": EVENT,
    "related": "",
    "consents": "",
    "encounter": ENCOUNTER,
    "body": "<component><structuredBody><component><section><title>Motif</title>"
    "<text>Contrôle de l’état général.</text></section></component>"
    "</structuredBody></component>",
}


def a_document(**parts: str) -> str:
    """A clinical document as text, without XML declaration; `parts` replaces some of `PARTS`."""
    unknown = parts.keys() - PARTS.keys()
    assert not unknown, unknown
    return f"<ClinicalDocument {NAMESPACES}>{''.join({**PARTS, **parts}.values())}</ClinicalDocument>"


def encoded(document: str, encoding: str = "UTF-8") -> bytes:
    """The bytes of a document in `encoding`, declared as such."""
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{document}'.encode(encoding)


def a_body(*sections: str) -> str:
    """A structured body of these `section` contents."""
    inside = "".join(f"<component><section>{section}</section></component>" for section in sections)
    return f"<component><structuredBody>{inside}</structuredBody></component>"


def a_narrative(narrative: str, entries: str = "") -> bytes:
    """A document with one section holding this narrative."""
    return encoded(a_document(body=a_body(f"<title>Section</title><text>{narrative}</text>{entries}")))


def a_file_body(data: bytes, media_type: str) -> str:
    """A body that is one file (level 1)."""
    content = base64.encodebytes(data).decode()
    return f'<component><nonXMLBody><text mediaType="{media_type}" representation="B64">{content}</text></nonXMLBody></component>'


def a_media(identifier: str, data: bytes, media_type: str) -> str:
    """An entry that holds a file."""
    content = base64.b64encode(data).decode()
    return (
        f'<entry><observationMedia classCode="OBS" moodCode="EVN" ID="{identifier}">'
        f'<value mediaType="{media_type}" representation="B64">{content}</value></observationMedia></entry>'
    )
