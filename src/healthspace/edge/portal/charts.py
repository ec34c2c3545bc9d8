"""Line charts as SVG, made on the server: a title and a sentence for those who do not see them, shapes as well as colours.

A circle is a value in its range or without one, a diamond one out of range, an arrow a bounded one (it points to where the value may be).
Colours are classes of the style sheet, for light and dark. Every text is escaped; nothing else comes from a record.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise

from markupsafe import Markup

WIDTH, HEIGHT = 340, 184
LEFT, RIGHT, TOP, BOTTOM = 40, 14, 22, 26
SMALLEST = 1e-9
"""Differences below this are none."""
CHARACTER = 6.4
"""Width of a character of the axes, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One value: its place, whether it is out of range, its comparator, its own range. Marks of one segment are joined by a line."""

    x: float
    y: float
    out: bool = False
    comparator: str = ""
    low: float | None = None
    high: float | None = None
    segment: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """Marks from left to right, under a name when there are several series."""

    marks: tuple[Mark, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. `ticks` are places on the horizontal axis with their words; `uid` is unique in its page."""

    uid: str
    title: str
    description: str
    unit: str
    series: tuple[Series, ...]
    ticks: tuple[tuple[float, str], ...]
    break_word: str = ""
    """What is written where two segments meet ("other method")."""


@dataclass(frozen=True, slots=True)
class _Scale:
    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        width = WIDTH - LEFT - RIGHT
        return LEFT + (width / 2 if self.x1 == self.x0 else (value - self.x0) / (self.x1 - self.x0) * width)

    def y(self, value: float) -> float:
        kept = min(max(value, self.y0), self.y1)
        return TOP + (self.y1 - kept) / (self.y1 - self.y0) * (HEIGHT - TOP - BOTTOM)


def draw(chart: Chart, decimal: str = ",") -> Markup:
    """The chart as an SVG element; nothing when there is no mark. `decimal` is the sign between units and decimals."""
    marks = [mark for series in chart.series for mark in series.marks]
    if not marks:
        return Markup("")
    steps = choose_steps(marks)
    scale = _Scale(min(mark.x for mark in marks), max(mark.x for mark in marks), steps[0], steps[-1])
    title, description = f"{chart.uid}-t", f"{chart.uid}-d"
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title} {description}">',
        f'<title id="{title}">{escape(chart.title)}</title><desc id="{description}">{escape(chart.description)}</desc>',
        *(part for series in chart.series[:1] for part in _bands(series.marks, scale)),
        *(_grid(step, scale, decimal) for step in steps),
        f'<text class="c-tx" x="0" y="12">{escape(chart.unit)}</text>',
        *_axis(chart.ticks, scale),
        *(part for series in chart.series[:1] for part in _breaks(series.marks, chart.break_word, scale)),
        *(part for number, series in enumerate(chart.series, 1) for part in _line(series, f"s{number}", scale)),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - every text in it is escaped above


def draw_spark(marks: Sequence[Mark]) -> Markup:
    """A curve as small as a word, beside the words that say the same; hidden from those who hear the page."""
    low, high = min(mark.y for mark in marks), max(mark.y for mark in marks)
    first, last = marks[0].x, marks[-1].x
    wide, tall = (last - first) or 1.0, (high - low) or 1.0
    places = [(3 + (mark.x - first) / wide * 90, 21 - (mark.y - low) / tall * 18 if high > low else 12.0) for mark in marks]
    lines = []
    for segment in dict.fromkeys(mark.segment for mark in marks):
        of_segment = [place for place, mark in zip(places, marks, strict=True) if mark.segment == segment]
        lines.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in of_segment))
    x, y = places[-1]
    end = (
        f'<path class="c-out" d="M{x:.0f} {y - 4:.0f}l4 4-4 4-4-4z"/>'
        if marks[-1].out
        else f'<circle class="c-pt" cx="{x:.0f}" cy="{y:.0f}" r="3"/>'
    )
    path = f'<path class="c-line" d="{"".join(lines)}"/>'
    return Markup(f'<svg class="spark" viewBox="0 0 98 24" aria-hidden="true">{path}{end}</svg>')  # noqa: S704 - numbers only


def choose_steps(marks: Sequence[Mark]) -> list[float]:
    """Three to seven round numbers that hold every value, and its range as far as that does not flatten the curve."""
    low, high = min(mark.y for mark in marks), max(mark.y for mark in marks)
    room = high - low if high - low > SMALLEST else max(abs(high) * 0.2, 1e-6)
    # Of a range whose other end is far, a part is drawn: a band that is cut at its own edge would not be seen.
    inner = [(mark.low, mark.low + room / 2) for mark in marks if mark.low is not None]
    inner += [(mark.high, mark.high - room / 2) for mark in marks if mark.high is not None]
    near = [end for edge, inside in inner if low - 2 * room <= edge <= high + 2 * room for end in (edge, inside)]
    low, high = min([low, *near]), max([high, *near])
    raw = (high - low if high - low > SMALLEST else room) / 4
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if last == first:
        last += 1
    return [round(number * step, 10) for number in range(first, last + 1)]


def write_number(value: float, decimal: str = ",") -> str:
    """A number of an axis or a sentence: at most four digits that tell."""
    text = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return (f"{float(text):.6f}".rstrip("0").rstrip(".") if "e" in text else text).replace(".", decimal)


def _bands(marks: Sequence[Mark], scale: _Scale) -> list[str]:
    """The ranges of the values, each half way to its neighbours: each laboratory has its own. Equal ones side by side are one."""
    edges = [float(LEFT), *((scale.x(one.x) + scale.x(other.x)) / 2 for one, other in pairwise(marks)), float(WIDTH - RIGHT)]
    drawn = []
    for (low, high), together in groupby(range(len(marks)), key=lambda place: (marks[place].low, marks[place].high)):
        places = list(together)
        left, right = edges[places[0]], edges[places[-1] + 1]
        top = TOP if high is None else scale.y(high)
        bottom = HEIGHT - BOTTOM if low is None else scale.y(low)
        if (low is not None or high is not None) and right > left and bottom > top:
            size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
            drawn.append(f'<rect class="c-band" x="{left:.1f}" y="{top:.1f}" {size}/>')
    return drawn


def _grid(step: float, scale: _Scale, decimal: str) -> str:
    y = scale.y(step)
    words = escape(write_number(step, decimal))
    label = f'<text class="c-tx" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{words}</text>'
    return f'<path class="c-grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>{label}'


def _axis(ticks: Sequence[tuple[float, str]], scale: _Scale) -> list[str]:
    """The words under the axis that have room: the first, the last, and what fits between."""
    drawn: list[str] = []
    free, end = 0.0, float(WIDTH)
    if len(ticks) > 1:
        end = WIDTH - RIGHT - len(ticks[-1][1]) * CHARACTER - 8
    for place, (at, words) in enumerate(ticks):
        x, width = scale.x(at), len(words) * CHARACTER
        anchor = "middle" if len(ticks) == 1 else "start" if place == 0 else "end" if place == len(ticks) - 1 else "middle"
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        last = place == len(ticks) - 1
        if (left < free or left + width > end) and not last:
            continue
        free = left + width + 8
        drawn.append(f'<text class="c-tx" x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(words)}</text>')
    return drawn


def _breaks(marks: Sequence[Mark], word: str, scale: _Scale) -> list[str]:
    """A line across the drawing between two segments, and why, once."""
    found = [(one, other) for one, other in pairwise(marks) if one.segment != other.segment]
    drawn = []
    for place, (one, other) in enumerate(found):
        x = (scale.x(one.x) + scale.x(other.x)) / 2
        drawn.append(f'<path class="c-break" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        if place == 0 and word:
            anchor = "end" if x > WIDTH / 2 else "start"
            drawn.append(
                f'<text class="c-tx" x="{x + (-4 if anchor == "end" else 4):.1f}" y="12" text-anchor="{anchor}">{escape(word)}</text>'
            )
    return drawn


def _line(series: Series, kind: str, scale: _Scale) -> list[str]:
    drawn = []
    for segment in dict.fromkeys(mark.segment for mark in series.marks):
        places = [(scale.x(mark.x), scale.y(mark.y)) for mark in series.marks if mark.segment == segment]
        if len(places) > 1:
            drawn.append(f'<path class="c-line {kind}" d="M' + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) + '"/>')
    return [*drawn, *(_mark(mark, kind, scale) for mark in series.marks)]


def _mark(mark: Mark, kind: str, scale: _Scale) -> str:
    x, y = scale.x(mark.x), scale.y(mark.y)
    out = " c-out" if mark.out else ""
    if mark.comparator:
        up = mark.comparator.startswith(">")
        tip, side = (-7, 4) if up else (7, -4)
        return f'<path class="c-pt {kind}{out}" d="M{x - 5.5:.1f} {y + side:.1f}h11L{x:.1f} {y + tip:.1f}z"/>'
    if mark.out:
        return f'<path class="c-out" d="M{x:.1f} {y - 5.5:.1f}l5.5 5.5-5.5 5.5-5.5-5.5z"/>'
    return f'<circle class="c-pt {kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.4"/>'
