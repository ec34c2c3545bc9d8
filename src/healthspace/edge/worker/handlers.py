"""Who handles which kind of letter."""

from collections.abc import Mapping

from healthspace.access.announce import EVENT
from healthspace.access.opening import Service
from healthspace.edge.worker.certify import COPY, handle_certificate, handle_copy
from healthspace.edge.worker.deliver import Handler
from healthspace.edge.worker.mail import Mailer
from healthspace.edge.worker.notify import CARER, DOCTOR, REVIEW, handle_answer, handle_carer, handle_doctor, handle_event, handle_review
from healthspace.notifications.tell import MAIL
from healthspace.record.certificates import CERTIFY
from healthspace.reviews.operations import ANSWER


def handlers_of(service: Service) -> Mapping[str, Handler]:
    """The handler of each kind of letter that this program posts."""
    return {
        EVENT: handle_event,
        DOCTOR: handle_doctor,
        CARER: handle_carer,
        REVIEW: handle_review,
        ANSWER: handle_answer,
        CERTIFY: handle_certificate,
        COPY: handle_copy,
        MAIL: Mailer(service.settings).deliver,
    }
