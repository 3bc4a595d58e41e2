"""Text stands out 4.5:1 and marks 3:1 from every surface they are drawn on, light and dark."""

from __future__ import annotations

import re

import pytest

from accel.methods import METHODS
from visuals.explorer import (
    FOLDER,
    PAGE_SCRIPTS,
    PAGE_STYLES,
    SCRIPTS,
    STYLES,
    explorer_css,
    explorer_js,
    page_css,
    page_js,
)  # fmt: skip
from visuals.theme import MARKS, METHOD_COLOURS, PALETTES, contrast, css, method_colour


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == 21.0
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "muted", "alarm", "accent"])
@pytest.mark.parametrize("ground", ["surface", "page", "sunken"])
def test_text(mode, text, ground) -> None:  # type: ignore[no-untyped-def]
    palette = PALETTES[mode]
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_on_the_accent(mode) -> None:  # type: ignore[no-untyped-def]
    assert contrast(PALETTES[mode].on_accent, PALETTES[mode].accent) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("mark", [*MARKS, "ran", "ran_draft"])
@pytest.mark.parametrize("ground", ["surface", "sunken"])
def test_marks(mode, mark, ground) -> None:  # type: ignore[no-untyped-def]
    palette = PALETTES[mode]
    assert contrast(getattr(palette, mark), getattr(palette, ground)) >= 3.0


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_method_has_a_colour_of_its_own(mode) -> None:  # type: ignore[no-untyped-def]
    colours, palette = METHOD_COLOURS[mode], PALETTES[mode]
    assert set(colours) == set(METHODS)
    fates = {getattr(palette, mark) for mark in MARKS}
    assert len(set(colours.values()) - fates) == len(METHODS)
    assert all(contrast(colour, palette.surface) >= 3.0 for colour in colours.values())
    assert method_colour("another", mode) == palette.edge


def test_every_variable_that_is_used_is_defined() -> None:
    own = set(re.findall(r"(--ds-[\w-]+)\s*:", explorer_css()))
    used = set(re.findall(r"var\((--ds-[\w-]+)", explorer_css()))
    set_in_script = {"--ds-beat"}
    assert used <= own | set_in_script


def test_every_rule_is_scoped() -> None:
    rules = re.sub(
        r"/\*.*?\*/",
        "",
        "\n".join((FOLDER / f"{name}.css").read_text() for name in (*STYLES, *PAGE_STYLES)),
        flags=re.S,
    )
    for selector in re.findall(r"(?:^|[}{;])\s*([^{}@;]+?)\s*\{", rules):
        if selector in ("from", "to"):
            continue
        for one in re.sub(r"\([^)]*\)", "", selector).split(","):
            assert re.match(r"\s*\.ds-", one), one


def test_no_file_is_left_out_and_the_whole_is_light() -> None:
    assert {path.stem for path in FOLDER.glob("*.js")} == {*SCRIPTS, *PAGE_SCRIPTS}
    assert {path.stem for path in FOLDER.glob("*.css")} == {*STYLES, *PAGE_STYLES}
    # The page may weigh 1.5 MB beyond gradio's own; its script and style are the most of that.
    assert len(explorer_js()) + len(explorer_css()) < 240_000
    assert len(page_js()) + len(page_css()) < 300_000
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+", "", page_js() + page_css())


def test_every_sentence_that_is_said_is_in_the_table() -> None:
    table = (FOLDER / "strings.js").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.js"):
        text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        said = re.findall(r"\bstrings\.(\w+)", text)
        assert [name for name in said if not re.search(rf"\b{name}:", table)] == [], path.name


def test_system_fonts_only() -> None:
    assert "@font-face" not in explorer_css()
    assert "url(" not in explorer_css()
    assert "system-ui" in css()


def test_token_text_never_becomes_markup() -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", page_js()
    )
