"""Changing who may read: a preview before an authorisation, blocking and unblocking, and the choices that hold for everybody."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.base.errors import Invalid
from healthspace.edge.portal.language import mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.privacy import SWITCHES, around, read_privacy, show_reader
from healthspace.edge.portal.views import show_rows
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.record.authorise import list_access
from healthspace.record.consents import Switch, authorise_until, block, professional, read_choices, turn_on
from healthspace.record.controls import create_control, end_control
from healthspace.record.preview import preview_access
from healthspace.record.spaces import patient_of

DURATIONS = {"7": mark("One week"), "90": mark("3 months"), "365": mark("One year")}
"""Days of an authorisation; it can be ended before."""
SHOWN = 20
"""Documents of a preview; the others are counted."""


async def preview_professional(visit: Visit) -> Response:
    """POST /privacy/preview: what this professional would see, before anything is said. The number is in no address."""
    typed = (await read_form(visit.request)).get("rpps", "")
    rpps = typed.replace(" ", "")
    try:
        async with visit.service.door.permit(visit.caller, Action.PREVIEW_ACCESS, visit.owner) as p:
            seen = await preview_access(p, rpps, authorised=True)
            holder, now = (await patient_of(p)).json(), p.now
            banner = None if visit.own else show_banner(holder, p, visit.language)
    except Invalid:
        return go_to(f"{visit.prefix}/privacy?{urlencode({'rpps': typed[:20] or '?'})}")
    rows = show_rows([one.json() for one in seen.documents], visit.language, now, own=visit.own)
    return visit.render(
        "preview.html",
        **around(holder, banner),
        here=False,
        reader=show_reader(professional(rpps), visit.language),
        rpps=rpps,
        rows=rows[:SHOWN],
        more=max(0, len(rows) - SHOWN),
        total=len(rows),
        blocked=seen.reason == "blocked",
        durations=[(days, visit.language.say(name), "") for days, name in DURATIONS.items()],
    )


async def authorise_for(visit: Visit) -> Response:
    """POST /privacy/authorise: for as long as the form says."""
    form = await read_form(visit.request)
    days = int(form["days"]) if form.get("days") in DURATIONS else 365
    async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
        if identifier := await visit.new_id(p, "Consent", form):
            await create_control(p, authorise_until(form.get("rpps", ""), p.now + timedelta(days=days)), identifier)
    return go_to(f"{visit.prefix}/privacy?done=authorised")


async def ask_to_block(visit: Visit) -> Response:
    """POST /privacy/block/ask: what a block changes, before it is done."""
    typed = (await read_form(visit.request)).get("block", "")
    number = typed.replace(" ", "")
    try:
        actor = block(number)["provision"]["actor"][0]["reference"]
    except Invalid as error:
        await visit.service.door.trace_failure(visit.caller, Action.GRANT_ACCESS, visit.owner, error)
        return go_to(f"{visit.prefix}/privacy?{urlencode({'block': typed[:20] or '?'})}#blocked")
    privacy = await read_privacy(visit)
    return visit.render("block.html", **privacy.around, here=False, reader=show_reader(actor, visit.language), number=number)


async def block_reader(visit: Visit) -> Response:
    """POST /privacy/block"""
    form = await read_form(visit.request)
    async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
        if identifier := await visit.new_id(p, "Consent", form):
            await create_control(p, block(form.get("number", "")), identifier)
    return go_to(f"{visit.prefix}/privacy?done=blocked")


async def unblock(visit: Visit) -> Response:
    """POST /privacy/unblock/{id}: they may be authorised again; nothing is given back by itself."""
    async with visit.service.door.permit(visit.caller, Action.END_ACCESS, visit.owner) as p:
        await end_control(p, "Consent", visit.identifier())
    return go_to(f"{visit.prefix}/privacy?done=unblocked")


async def save_choices(visit: Visit) -> Response:
    """POST /privacy/choices: every switch as the form leaves it."""
    form = await read_form(visit.request)
    async with visit.service.door.permit(visit.caller, Action.READ_ACCESS, visit.owner) as p:
        consents, _ = await list_access(p)
        known = read_choices(consents, p.now).switches
    wanted = {one.switch for one in SWITCHES if (one.switch.value in form) != one.inverted}
    ending = {identifier for switch in known.keys() - wanted for identifier in known[switch]}
    # A Consent made elsewhere may say two of them: ending it for one must not end the other.
    lost = {switch for switch in wanted & known.keys() if set(known[switch]) <= ending}
    async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
        for switch in sorted(wanted - known.keys() | lost):
            if identifier := await visit.new_id(p, "Consent", form, switch):
                await create_control(p, turn_on(Switch(switch)), identifier)
    if ending:
        async with visit.service.door.permit(visit.caller, Action.END_ACCESS, visit.owner) as p:
            for ended in sorted(ending):
                await end_control(p, "Consent", UUID(ended))
    return go_to(f"{visit.prefix}/privacy?done=saved")
