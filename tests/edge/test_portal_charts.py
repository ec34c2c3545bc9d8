"""What a chart shows is said beside it: in a sentence for those who do not see it, and in a table, value by value."""

import re

import httpx
from lxml import html

from healthspace.access.opening import Service
from tests.edge.pages import signed_in
from tests.large_record import fill_record

MARK = re.compile(r"M([\d.]+) ([\d.]+)")


async def test_a_chart_its_sentence_and_its_table_say_the_same(service: Service, client: httpx.AsyncClient) -> None:
    signed_in(service, client, await fill_record(service, 60))
    for analyte in ("hba1c", "glucose"):
        answer = await client.get(f"/results/{analyte}")
        assert answer.status_code == 200, analyte
        page = html.fromstring(answer.text)
        (chart,) = page.iterfind(".//svg[@class='chart']")
        told = [number_in(row.text_content()) for row in page.iterfind(".//table[@class='figures']/tbody/tr/td[1]/span[@class='num']")]
        drawn = places_of(chart)
        assert len(drawn) == len(told) > 4
        assert in_order(told[::-1]) == in_order([-y for _, y in drawn]), "a higher value stands higher, from the first to the last"
        sentence = chart.findtext("desc")
        numbers = [number_in(said) for said in re.findall(r"\d+(?:,\d+)?", sentence or "")][:4]
        assert numbers == [told[-1], told[0], min(told), max(told)]


def places_of(chart: html.HtmlElement) -> list[tuple[float, float]]:
    """Where the marks stand, from left to right: circles in the range, diamonds out of it."""
    found = [(float(one.get("cx")), float(one.get("cy"))) for one in chart.iterfind("circle")]
    for one in chart.iterfind("path[@class='c-out']"):
        x, y = MARK.match(one.get("d")).groups()  # type: ignore[union-attr]
        found.append((float(x), float(y) + 5.5))  # a diamond is drawn from its upper corner
    return sorted(found)


def in_order(values: list[float]) -> list[int]:
    """The rank of each value among all; alike values have the same."""
    ranks = sorted({round(value, 1) for value in values})
    return [ranks.index(round(value, 1)) for value in values]


def number_in(text: str) -> float:
    return float(re.findall(r"\d+(?:[,.]\d+)?", text)[0].replace(",", "."))
