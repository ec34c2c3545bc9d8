"""The colours of the portal keep their contrast in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from healthspace.edge.portal.pages import STATIC

CSS = (STATIC / "app.css").read_text()
TOKEN = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")

TEXT = 4.5
CONTROL = 3.0

PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2", "brand", "brand-strong") for ground in ("canvas", "surface", "sunken", "tint")),
    *((tone, f"{tone}-t", TEXT) for tone in ("ok", "warn", "bad", "info")),
    *(("ink", f"{tone}-t", TEXT) for tone in ("ok", "warn", "bad", "info")),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-strong", TEXT),
    ("surface", "bad", TEXT),
    ("bad", "surface", TEXT),
    *(("control", ground, CONTROL) for ground in ("canvas", "surface")),
    *(("brand", ground, CONTROL) for ground in ("canvas", "surface")),
]


def tokens() -> dict[str, dict[str, str]]:
    light, dark = (dict(TOKEN.findall(block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2])
    return {"light": light, "dark": {**light, **dark}}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_contrast_is_enough(scheme: str, front: str, back: str, least: float) -> None:
    colours = tokens()[scheme]
    assert contrast(colours[front], colours[back]) >= least


def test_dark_changes_every_colour() -> None:
    light, dark = tokens().values()
    assert [name for name in light if light[name] == dark[name]] == []


def test_colours_are_only_named_by_tokens() -> None:
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    # Paper is white whatever the theme; print is black on white.
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) <= {"#fff", "#000", "#333", "#bbb"}


def test_the_script_is_small_and_nothing_comes_from_elsewhere() -> None:
    assert (STATIC / "app.js").stat().st_size <= 4096
    for name in ("app.css", "app.js", "icons.svg", "logo.svg"):
        assert "://" not in (STATIC / name).read_text().replace("http://www.w3.org/2000/svg", "")


def test_every_picture_that_is_asked_for_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text()))
    sources = [path.read_text() for path in STATIC.parent.rglob("*") if path.suffix in {".html", ".py"}]
    asked = {name for source in sources for name in re.findall(r'icon\("(\w+)"', source)}
    assert asked
    assert asked <= known
