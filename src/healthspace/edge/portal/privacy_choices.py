"""Changing who may read: a preview before an authorisation, blocking and unblocking, and the choices that hold for everybody."""

from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from healthspace.access.rules import Action, Reason
from healthspace.base.errors import Invalid
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.privacy import lasting_of, naming, read_privacy, render_privacy, show_durations
from healthspace.edge.portal.readers import around, show_reader, switches_for
from healthspace.edge.portal.relative_forms import find_wrong_end
from healthspace.edge.portal.views import show_rows
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.record.authorise import list_access
from healthspace.record.consents import Switch, authorise_until, block, names_team, read_choices, turn_on, who_has
from healthspace.record.controls import create_control, end_for
from healthspace.record.preview import preview_access
from healthspace.record.spaces import patient_of

SHOWN = 20
"""Documents of a preview; the others are counted."""


async def preview_professional(visit: Visit) -> Response:
    """POST /privacy/preview: what they would see, before anything is said; or see now. The number is in no address."""
    form = await read_form(visit.request)
    typed, asked_now = form.get("rpps", ""), form.get("now") == "yes"
    number = typed.replace(" ", "")
    try:
        async with visit.service.door.permit(visit.caller, Action.PREVIEW_ACCESS, visit.owner) as p:
            reader = show_reader(who_has(number), visit.language)
            # What a whole place would see depends on who of it looks.
            seen = await preview_access(p, number, authorised=not asked_now) if reader.person else None
            holder, now = (await patient_of(p)).json(), p.now
            banner = None if visit.own else show_banner(holder, p, visit.language)
    except Invalid:
        return go_to(f"{visit.prefix}/privacy?{urlencode({'rpps': typed[:20] or '?'})}")
    durations = show_durations(visit)
    rows = show_rows([one.json() for one in seen.documents], visit.language, now, own=visit.own) if seen else []
    return visit.render(
        "preview.html",
        **around(holder, banner),
        here=False,
        reader=reader,
        rpps=number,
        now=asked_now,
        rows=rows[:SHOWN],
        more=max(0, len(rows) - SHOWN),
        total=len(rows),
        blocked=seen is not None and seen.reason == Reason.BLOCKED,
        durations=durations,
        days=form.get("days", durations[-1][0]),
    )


async def authorise_for(visit: Visit) -> Response:
    """POST /privacy/authorise: for as long as the form says."""
    form = await read_form(visit.request)
    async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
        if identifier := await visit.new_id(p, "Consent", form):
            end = p.now + lasting_of(form, p.policy)
            await create_control(p, authorise_until(form.get("rpps", ""), end), identifier)
    return go_to(f"{visit.prefix}/privacy?done=authorised")


async def ask_to_block(visit: Visit) -> Response:
    """POST /privacy/block/ask: what a block changes, before it is done."""
    typed = (await read_form(visit.request)).get("block", "")
    number = typed.replace(" ", "")
    try:
        return await _ask_to_block(visit, number, "", {})
    except Invalid as error:
        await visit.service.door.trace_failure(visit.caller, Action.GRANT_ACCESS, visit.owner, error)
        return go_to(f"{visit.prefix}/privacy?{urlencode({'block': typed[:20] or '?'})}#blocked")


async def _ask_to_block(visit: Visit, number: str, end: str, wrong: dict[str, str]) -> Response:
    reader, privacy = show_reader(who_has(number), visit.language), await read_privacy(visit)
    page = {**privacy.around, "reader": reader, "number": number, "end": end, "wrong": wrong}
    return visit.render("block.html", status=422 if wrong else 200, here=False, **page)


async def block_reader(visit: Visit) -> Response:
    """POST /privacy/block"""
    form = await read_form(visit.request)
    number, end = form.get("number", ""), form.get("end", "")
    if wrong := find_wrong_end(end, visit.language, visit.today):
        await visit.service.door.trace_failure(visit.caller, Action.GRANT_ACCESS, visit.owner, Invalid("form"))
        return await _ask_to_block(visit, number, end, wrong)
    async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
        if identifier := await visit.new_id(p, "Consent", form):
            await create_control(p, block(number, end), identifier)
    return go_to(f"{visit.prefix}/privacy?done=blocked")


async def unblock(visit: Visit) -> Response:
    """POST /privacy/unblock/{id}: who is named may be authorised again; nothing is given back by itself."""
    form, identifier = await read_form(visit.request), visit.identifier()
    async with visit.service.door.permit(visit.caller, Action.END_ACCESS, visit.owner) as p:
        await end_for(p, "Consent", identifier, naming(form.get("number", "")))
    return go_to(f"{visit.prefix}/privacy?done=unblocked")


async def save_choices(visit: Visit) -> Response:
    """POST /privacy/choices: every switch that the form shows, as it leaves it; what is switched now ends on the day that it gives."""
    form = await read_form(visit.request)
    end = form.get("end", "")
    if wrong := find_wrong_end(end, visit.language, visit.today):
        await visit.service.door.trace_failure(visit.caller, Action.GRANT_ACCESS, visit.owner, Invalid("form"))
        return render_privacy(visit, await read_privacy(visit), wrong, form)
    async with visit.service.door.permit(visit.caller, Action.READ_ACCESS, visit.owner) as p:
        consents, teams = await list_access(p)
        known = read_choices(consents, p.now).switches
    team = next((str(one["id"]) for one in teams if one.get("status") == "active"), "")
    shown = switches_for(team if "team" in form else "")
    wanted = {one.switch for one in shown if (one.switch.value in form) != one.inverted}
    ending = {identifier for one in shown if one.switch not in wanted for identifier in known.get(one.switch, ())}
    # A Consent made elsewhere may say two of them: ending it for one must not end the other.
    lost = {switch for switch in wanted & known.keys() if set(known[switch]) <= ending}
    async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
        for switch in sorted(wanted - known.keys() | lost):
            if identifier := await visit.new_id(p, "Consent", form, switch):
                await create_control(p, turn_on(Switch(switch), team, end), identifier)
    if ending:
        async with visit.service.door.permit(visit.caller, Action.END_ACCESS, visit.owner) as p:
            for ended in sorted(ending):
                # Who is blocked beside the team as such stays blocked.
                await end_for(p, "Consent", UUID(ended), names_team)
    return go_to(f"{visit.prefix}/privacy?done=saved")
