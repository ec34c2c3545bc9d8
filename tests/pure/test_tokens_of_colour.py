"""The colours of the portal are read easily by people who see little: contrast of every pair in use (WCAG 1.4.3, 1.4.11)."""

import re

import pytest

from healthspace.edge.portal.pages import STATIC

TEXT, CONTROL = 4.5, 3.0
GROUNDS = ("canvas", "surface", "sunken")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2", "brand", "brand-strong") for ground in GROUNDS),
    *((tone, f"{tone}-t", TEXT) for tone in ("ok", "warn", "bad", "info")),
    *(("ink", f"{tone}-t", TEXT) for tone in ("ok", "warn", "bad", "info")),
    *((tone, "surface", TEXT) for tone in ("ok", "warn", "bad", "info")),
    ("brand", "tint", TEXT),
    ("brand-strong", "tint", TEXT),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-strong", TEXT),
    ("surface", "bad", TEXT),
    ("control", "surface", CONTROL),
    ("control", "canvas", CONTROL),
]


def tokens() -> dict[str, dict[str, str]]:
    """The colours of each scheme by name; the dark one where it says something else."""
    light, dark = re.findall(r":root \{(.*?)\}", (STATIC / "app.css").read_text(), re.DOTALL)[:2]
    read = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in (light, dark)]
    return {"light": read[0], "dark": read[0] | read[1]}


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_a_colour_is_read_on_its_ground(scheme: str, ink: str, ground: str, least: float) -> None:
    colours = tokens()[scheme]
    bright, dim = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= least


def test_both_schemes_say_every_colour() -> None:
    light, dark = re.findall(r":root \{(.*?)\}", (STATIC / "app.css").read_text(), re.DOTALL)[:2]
    names = [set(re.findall(r"--([\w-]+): #", block)) for block in (light, dark)]
    assert names[0] == names[1]


def test_our_script_is_small() -> None:
    assert (STATIC / "app.js").stat().st_size <= 4096
