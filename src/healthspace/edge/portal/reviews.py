"""The agency's review of accesses: emergencies first, then what citizens question; closed by two different persons, with a motive."""

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.base.errors import Conflict, Invalid
from healthspace.base.ids import REGISTRY
from healthspace.edge.portal.frame import name_role
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.reviews.operations import LONGEST_TEXT, Opinion, Review, Subject, give_opinion, list_reviews, post_answer, read_review

SUBJECTS = {Subject.EMERGENCY: mark("Emergency access"), Subject.REPORT: mark("Question of a citizen")}
STATUSES = {
    "requested": mark("To be reviewed"),
    "in-progress": mark("One opinion given"),
    "completed": mark("Closed by two persons"),
}
MODES = {"BTG": mark("Break-glass"), "ETREAT": mark("Regulation of emergency calls")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A review in words."""

    id: UUID
    subject: str
    urgent: bool
    status: str
    closed: bool
    who: str
    role: str
    place: str
    mode: str
    motive: str
    question: str
    when: str
    record: str
    opinions: tuple[tuple[Opinion, str], ...]


async def show_reviews(visit: Visit) -> Response:
    """GET /reviews"""
    closed = visit.asked("show") == "closed"
    async with visit.service.door.permit(visit.caller, Action.READ_REVIEWS, REGISTRY) as p:
        found = await list_reviews(p, closed=closed)
    language = visit.language
    tabs = [(language.say("Open"), "/reviews", None, not closed), (language.say("Closed"), "/reviews?show=closed", None, closed)]
    return visit.render("reviews.html", current="/reviews", reviews=[show(one, language) for one in found], tabs=tabs, closed=closed)


async def show_review(visit: Visit, wrong: dict[str, str] | None = None, typed: str = "") -> Response:
    """GET /reviews/{id}"""
    async with visit.service.door.permit(visit.caller, Action.READ_REVIEWS, REGISTRY) as p:
        review = await read_review(p, visit.identifier())
    return visit.render(
        "review.html",
        status=422 if wrong else 200,
        current="/reviews",
        here=False,
        review=show(review, visit.language),
        first=review.status == "requested",
        person=visit.caller.account is not None,
        motive=typed,
        longest=LONGEST_TEXT,
        wrong=wrong or {},
    )


async def give(visit: Visit) -> Response:
    """POST /reviews/{id}: an opinion. The second one closes the review, and answers the citizen where they asked."""
    form = await read_form(visit.request)
    motive, back = form.get("motive", ""), form.get("act") == "back"
    try:
        async with visit.service.door.permit(visit.caller, Action.CLOSE_REVIEW, REGISTRY) as p:
            review = await give_opinion(p, visit.identifier(), motive, back=back)
            if review.status == "completed" and review.subject is Subject.REPORT:
                await post_answer(p, review, motive)
    except Invalid:
        wrong = visit.language.say("Say why in at least ten characters.")
    except Conflict:
        wrong = visit.language.say("Another person of the agency must give the second opinion.")
    else:
        return go_to("/reviews?done=opinion")
    return await show_review(visit, {"motive": wrong}, motive)


def show(review: Review, language: Language) -> Shown:
    """A review in words."""
    return Shown(
        id=review.id,
        subject=language.say(SUBJECTS[review.subject]),
        urgent=review.subject is Subject.EMERGENCY,
        status=language.say(STATUSES[review.status]),
        closed=review.status == "completed",
        who=review.actor,
        role=name_role(review.role, language),
        place=review.place,
        mode=language.say(MODES[review.purpose]) if review.purpose in MODES else "",
        motive=review.why,
        question=review.question,
        when=language.at(review.at),
        record=review.record[:8],
        opinions=tuple((opinion, language.at(opinion.at)) for opinion in review.opinions),
    )
