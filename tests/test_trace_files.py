"""Files as people have them: marked, in UTF-16, packed, cut off, with every line end; and those that are refused."""

from __future__ import annotations

import gzip
import json
import lzma
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from accel.trace import Trace, TraceCut, TraceError
from accel.trace_reader import read
from tests.visuals.runs import chain
from visuals.page.recorded import Recorded

TRACE = chain().trace("the text — one\u2028two\u0085three")
WHOLE = "".join(line + "\n" for line in TRACE.lines())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


@pytest.mark.parametrize(
    "data",
    [
        WHOLE.encode("utf-8-sig"),
        WHOLE.encode("utf-16"),
        b"\xfe\xff" + WHOLE.encode("utf-16-be"),
        gzip.compress(WHOLE.encode(), mtime=0),
        gzip.compress(WHOLE.encode("utf-8-sig"), mtime=0),
        WHOLE.replace("\n", "\r\n").encode(),
        WHOLE.replace("\n", "\n\n").rstrip("\n").encode(),
    ],
    ids=["mark", "utf-16", "utf-16-be", "gzip", "gzip with mark", "crlf", "blank lines"],
)
def test_a_file_is_read_as_other_programs_write_it(path, data):
    path.write_bytes(data)
    assert Trace.load(path) == TRACE


def test_lines_with_a_mark_are_read():
    assert Trace.from_lines(("\ufeff" + WHOLE).split("\n")) == TRACE


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (WHOLE.encode("utf-32"), "byte 0 is not UTF-8 text; save it as UTF-8"),
        (WHOLE.encode("utf-16-le"), "wide characters; save it as UTF-8|is not UTF-8 text; save it as UTF-8"),
        (WHOLE.encode("utf-16")[:-1], "is not UTF-16 text|the file was cut off"),
        (lzma.compress(WHOLE.encode()), r"packed \(xz\); unpack it first"),
        (gzip.compress(WHOLE.encode(), mtime=0)[:-20], "the gzip file is damaged .*; copy it again"),
        (gzip.compress(WHOLE.encode(), mtime=0)[:30] + b"x" * 40, "the gzip file is damaged"),
        (b"\x1f\x8b", "the gzip file is damaged"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_remedy(path, data, said):
    path.write_bytes(data)
    with pytest.raises(TraceError, match=said):
        Trace.load(path)


def test_a_zip_archive_is_named(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trace.jsonl", WHOLE)
    with pytest.raises(TraceError, match=r"packed \(zip\); unpack it first"):
        Trace.load(path)


def test_a_small_packed_file_of_vast_contents_is_not_unpacked(path):
    path.write_bytes(gzip.compress(b" " * 30_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(TraceError, match="larger than 20 MB"):
        read(path, most=20_000_000)
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(TraceError, match="larger than 1 MB"):
        read(path, most=1_000_000)


def test_a_file_cut_off_anywhere_in_its_last_line_says_so_and_its_steps_can_be_read(path):
    whole, lines = WHOLE.rstrip("\n").encode(), WHOLE.rstrip("\n").split("\n")
    steps = len(lines) - 2
    for cut in range(whole.rfind(b"\n") + 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(TraceCut, match=rf"line {len(lines)}: .*the {steps} steps before it are whole"):
            Trace.load(path)
        found = Trace.load(path, cut=True)
        assert (found.header, found.steps, found.finish_reason) == (TRACE.header, TRACE.steps, "cancelled")
    assert found.text == " d e f g h"
    assert found.metrics["num_tokens"] == 5.0
    assert Trace.from_lines(found.lines()) == found


def test_a_file_without_its_footer_is_cut_off_too(path):
    path.write_text("".join(line + "\n" for line in list(TRACE.lines())[:-1]), encoding="utf-8")
    with pytest.raises(
        TraceCut, match="line 4: the footer is missing; the file was cut off: the 3 steps before it"
    ):
        Trace.load(path)
    assert Trace.load(path, cut=True).steps == TRACE.steps


def test_a_file_cut_off_in_an_earlier_step_keeps_the_steps_before(path):
    lines = list(TRACE.lines())
    path.write_text("\n".join(lines[:2]) + "\n" + lines[2][:50], encoding="utf-8")
    with pytest.raises(TraceCut, match=r"line 3: .*the 1 step before it is whole"):
        Trace.load(path)
    assert Trace.load(path, cut=True).steps == TRACE.steps[:1]


@pytest.mark.parametrize("cut", [False, True])
def test_what_is_wrong_in_another_way_is_not_taken_for_cut_off(cut, path):
    lines = list(TRACE.lines())
    for spoiled, said in [
        ([*lines[:-1], lines[-1].replace('"length"', '"bored"')], "line 5.finish_reason"),
        ([*lines[:-1], "[" + lines[-1]], "line 5: "),
        ([*lines[:-1], '{"a": NaN}'], "line 5: not valid JSON"),
        ([lines[0], lines[1][:60]], "line 2: not valid JSON"),
        ([lines[0], lines[1][:60], lines[2]], "line 2: not valid JSON"),
    ]:
        path.write_text("\n".join(spoiled), encoding="utf-8")
        with pytest.raises(TraceError, match=said) as refusal:
            Trace.load(path, cut=cut)
        assert cut or not isinstance(refusal.value, TraceCut)


def test_a_name_with_a_line_end_is_refused_on_one_line():
    lines = list(TRACE.lines())
    for change in (
        lambda value: value["model"].update({"a\r\nb": 1}),
        lambda value: value.update({"x\u2028": 1}),
    ):
        header = json.loads(lines[0])
        change(header)
        with pytest.raises(TraceError) as refusal:
            Trace.from_lines([json.dumps(header), *lines[1:]])
        assert len(str(refusal.value).splitlines()) == 1


def test_the_card_of_a_recorded_run_may_name_a_model_with_any_sign(tmp_path):
    named = replace(
        TRACE, header=replace(TRACE.header, model=replace(TRACE.header.model, name="one\u2028two"))
    )
    path = tmp_path / "01-A-run,-Suffix.jsonl"
    named.save(path)
    assert Recorded(path).ends[0] == named.header
