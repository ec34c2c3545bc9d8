"""Refusing documents that carry something to run.

Our rendering would never run it. But the bytes are kept as they came, others will show them with tools of their own, and a
clinical document has no reason to hold a script: what does is broken or hostile.
"""

from lxml import etree

from healthspace.base.active import is_active
from healthspace.base.errors import Invalid
from healthspace.cda.parse import HL7

_SECTION_TEXT = f".//{{{HL7}}}section/{{{HL7}}}text"
_ANYWHERE = ("{*}script", "{*}iframe")


def refuse_active_content(root: etree._Element) -> None:
    """Raises Invalid, with the line, when the ClinicalDocument `root` holds a script, or a narrative with a link that runs one."""
    for element in root.iter(*_ANYWHERE):
        raise Invalid("the document holds a script", place=f"line {element.sourceline}")
    for text in root.iterfind(_SECTION_TEXT):
        for element in text.iter(etree.Element):
            if is_active(etree.QName(element).localname, {str(name): str(value) for name, value in element.attrib.items()}):
                raise Invalid("the narrative holds something to run; only text is accepted", place=f"line {element.sourceline}")
