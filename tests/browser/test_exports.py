"""What is exported in the browser: pictures that stand alone, an animation, and a page that is the page again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops, ImageSequence

from tests.browser.opened import Opened, run
from tests.browser.test_explorer import HOSTILE
from tests.visuals.method_runs import ALL

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"
MENU = "DraftScope.exportMenu(document.body.appendChild(DraftScope.el('div')), () => explorer)"


def with_menu(here: Opened) -> Opened:
    """The same menu that the page has, without what only a server can make."""
    here.page.evaluate(f"() => {{ window.menu = {MENU}; }}")
    here.page.get_by_role("button", name="Export", exact=True).click()
    return here


def saved(here: Opened, kind: str) -> tuple[str, bytes]:
    with here.page.expect_download() as waiting:
        here.page.click(f"[data-export={kind}]")
    assert here.page.wait_for_function("menu.said.textContent === 'Saved.'")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def picture_of(here: Opened) -> tuple[str, ElementTree.Element]:
    text: str = here.page.evaluate("DraftScope.svgText(DraftScope.picture(explorer))")
    return text, ElementTree.fromstring(text)


def colours(image: Any) -> set[tuple[int, int, int]]:
    return {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def test_a_drawing_needs_nothing_of_the_page(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.goto(3)
    text, root = picture_of(here)
    assert not re.search(r"var\(|class=|style=|url\(|https?://(?!www\.w3\.org)", text)
    assert {node.get("href", "data:image/png").partition(";")[0] for node in root.iter(f"{SVG}image")} == {
        "data:image/png"
    }
    said = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert "Step 3 of 6 · drafted 4, kept 1, + 1 recovered" in said
    for fate in ("accepted", "rejected", "never reached", "recovered", "ran", "skipped"):
        assert fate in said
    assert here.page.evaluate("document.querySelectorAll('.ds-offstage').length") == 0


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("phase", ["draft", "commit"])
def test_it_shows_the_marks_that_the_page_shows(opened: Callable[..., Opened], name: str, phase: str) -> None:
    here = opened(ALL[name]())
    here.goto(1, phase)
    _, root = picture_of(here)
    marks = "Array.from(document.querySelectorAll('.ds-tree .ds-label'), (label) => label.textContent)"
    labels = here.page.evaluate(marks)
    said = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert all(said.count(label) >= labels.count(label) for label in labels)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_picture_is_the_same_size_on_every_page_and_has_its_colours(
    opened: Callable[..., Opened], scheme: str, width: int
) -> None:
    here = with_menu(opened(run(), color_scheme=scheme, viewport={"width": width, "height": 844}))
    here.goto(3)
    name, data = saved(here, "png")
    assert name == "draftscope-suffix-step3.png"
    image = Image.open(io.BytesIO(data))
    assert image.width == 2 * (1200 + 48)
    palette = here.page.evaluate("explorer.state.palette")
    assert {rgb(palette[key]) for key in ("surface", "ink", "accepted", "rejected", "bonus")} <= colours(
        image
    )


def test_a_film_has_a_frame_for_every_phase_and_ends_as_the_page_does(opened: Callable[..., Opened]) -> None:
    here = with_menu(opened(run()))
    here.page.get_by_role("spinbutton", name="from step").fill("0")
    here.page.get_by_role("spinbutton", name="to step").fill("3")
    name, data = saved(here, "film")
    assert name == "draftscope-suffix-steps0-3.gif"
    film = Image.open(io.BytesIO(data))
    frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(film)]
    assert len(frames) == 1 + 3 * 3  # the prompt has no draft
    assert film.info["loop"] == 0
    assert len({frame.tobytes() for frame in frames}) == len(frames)
    # The parts that changed, put together, are the last moment drawn by itself.
    script = """async () => { const film = new DraftScope.Film(explorer, 0, 3); const canvas =
      await DraftScope.rasterised(film.frame(3, 'commit'), 1); film.end();
      return Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data); }"""
    last = Image.frombytes("RGBA", frames[-1].size, bytes(here.page.evaluate(script))).convert("RGB")
    differences = ImageChops.difference(last, frames[-1]).convert("L").histogram()
    assert sum(differences[32:]) < 0.002 * last.width * last.height  # a palette holds 256 colours only


NOISE = """() => {
  let seed = 7;
  const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n; };
  const colours = Array.from({ length: 250 }, () => [random(256), random(256), random(256)]);
  const frames = [new ImageData(150, 90)];
  for (let at = 0; at < 150 * 90; at++) frames[0].data.set([...colours[random(250)], 255], 4 * at);
  for (const [x, y] of [[149, 3], [0, 89], [70, 40]]) {  // a pixel more each: at the edges and inside
    const next = new ImageData(new Uint8ClampedArray(frames[frames.length - 1].data), 150, 90);
    for (const [dx, dy] of [[0, 0], [-8, 0], [0, -2]]) {
      next.data.set([...colours[0], 255], 4 * ((y + dy) * 150 + Math.max(0, x + dx)));
    }
    frames.push(next);
  }
  const gif = new DraftScope.Gif(150, 90, frames);
  for (const frame of frames) gif.add(frame, 10);
  return [Array.from(gif.finish()), ...frames.map((frame) => Array.from(frame.data))];
}"""


def test_what_is_written_as_gif_is_read_back_to_the_last_pixel(opened: Callable[..., Opened]) -> None:
    data, *drawn = opened(run()).page.evaluate(NOISE)
    film = Image.open(io.BytesIO(bytes(data)))
    read = [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(film)]
    assert read == [Image.frombytes("RGBA", film.size, bytes(one)).convert("RGB").tobytes() for one in drawn]


def test_a_film_can_be_broken_off_and_bad_ranges_are_said(opened: Callable[..., Opened]) -> None:
    here = with_menu(opened(run(num_steps=80)))
    start, end = (
        here.page.get_by_role("spinbutton", name="from step"),
        here.page.get_by_role("spinbutton", name="to step"),
    )
    for low, high, said in (
        ("5", "2", "Choose whole steps"),
        ("0", "99", "from 0 to 80"),
        ("0", "70", "At most 60"),
    ):
        start.fill(low)
        end.fill(high)
        here.page.click("[data-export=film]")
        here.page.wait_for_function("text => menu.said.textContent.includes(text)", arg=said)
    start.fill("0")
    end.fill("59")
    here.page.click("[data-export=film]")
    here.page.wait_for_function("menu.progress.value > 0")
    here.page.get_by_role("button", name="Cancel").click()
    here.page.wait_for_function("menu.said.textContent === 'Cancelled.'")
    assert not here.page.get_by_role("button", name="Cancel").is_visible()


def test_hostile_text_stays_text_in_every_picture(opened: Callable[..., Opened]) -> None:
    here = with_menu(opened(run(pieces=HOSTILE)))
    here.goto(3)
    text, root = picture_of(here)
    assert {node.tag for node in root.iter()} <= {
        SVG + tag for tag in ("svg", "g", "rect", "path", "circle", "text", "image")
    }
    assert "<img" not in text
    saved(here, "png")
    saved(here, "film")
    assert here.page.evaluate("window.broken") is None


def test_the_menu_works_with_the_keyboard(opened: Callable[..., Opened]) -> None:
    here = opened(run())
    here.page.evaluate(f"() => {{ window.menu = {MENU}; }}")
    button = here.page.get_by_role("button", name="Export", exact=True)
    button.press("Enter")
    here.page.keyboard.press("Tab")
    assert here.page.evaluate("document.activeElement.dataset.export") == "png"
    here.page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"
    assert here.page.evaluate("document.activeElement.textContent") == "Export"
