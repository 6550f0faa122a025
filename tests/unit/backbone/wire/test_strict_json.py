"""What strict JSON takes and what it refuses."""

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.errors import BadInput, TooLarge
from backbone.wire.strict_json import MAX_DEPTH, MAX_INT, loads

ROOM = 1024 * 1024
PICTURE_ROOM = 11 * 1024 * 1024

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INT, MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)


@given(values, st.booleans(), st.booleans())
@settings(deadline=None)
def test_every_value_within_the_limits_comes_back_as_it_went(value, as_bytes, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert loads(text.encode() if as_bytes else text, max_bytes=ROOM) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{'a': 1}",
        '{"a": 1,}',
        "[1 2]",
        '{"a": 1} {"b": 2}',
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        "-1e999",
        "1E+400",
        "1e0309",
        "1" * 400,
        "-" + "9" * 400,
        "1" * 10_000,
        "1" * 400 + ".5",
        str(2**63),
        str(-(2**64)),
        '{"a": 1, "a": 1}',
        '[{"b": {"a": 1, "\\u0061": 2}}]',
        '"\\ud800"',
        '["\\uDFFF"]',
        '{"\\ud83d": 1}',
        '"\\ude00\\ud83d"',
        '"a\nb"',
        "\ufeff{}",
    ],
)
def test_what_is_not_plain_json_is_refused(text):
    with pytest.raises(BadInput) as refusal:
        loads(text, max_bytes=ROOM)
    assert refusal.value.code == "bad_json"
    assert "expected" in refusal.value.message


@pytest.mark.parametrize("raw", [b"\xff\xfe{\x00}\x00", b'"\x80"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b"\x00\x00"])
def test_bytes_that_are_not_utf8_are_refused(raw):
    with pytest.raises(BadInput) as refusal:
        loads(raw, max_bytes=ROOM)
    assert refusal.value.code == "bad_json"


def test_a_text_with_an_unescaped_lone_surrogate_is_refused():
    with pytest.raises(BadInput):
        loads('"\ud800"', max_bytes=ROOM)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (str(MAX_INT), MAX_INT),
        (str(-MAX_INT), -MAX_INT),
        ("1e308", 1e308),
        ("1e-999", 0.0),
        ('"1e999 NaN ' + "9" * 400 + '"', "1e999 NaN " + "9" * 400),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\\\ud800"', "\\ud800"),
        ('[{"a": 1}, {"a": 1}]', [{"a": 1}, {"a": 1}]),
    ],
)
def test_what_only_looks_like_a_refused_form_is_taken(text, value):
    assert loads(text, max_bytes=ROOM) == value


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_thirty_two_levels_are_taken_and_one_more_is_not(opening, closing):
    levels = opening.count("[") + opening.count("{")
    taken = opening * (MAX_DEPTH // levels) + "1" + closing * (MAX_DEPTH // levels)
    loads(taken, max_bytes=ROOM)
    with pytest.raises(BadInput, match="32 levels"):
        loads(f"[{taken}]", max_bytes=ROOM)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_a_hundred_thousand_levels_are_refused(text):
    with pytest.raises(BadInput, match="32 levels"):
        loads(text, max_bytes=ROOM)


def test_brackets_in_a_text_are_no_levels():
    text = "[" * 500 + '"\\]' + "{" * 500
    assert loads(json.dumps({"a": [text]}), max_bytes=ROOM) == {"a": [text]}


def test_many_brackets_side_by_side_are_no_levels():
    assert loads("[" + "[]," * 1000 + "[]]", max_bytes=ROOM) == [[]] * 1001


def test_the_bound_counts_bytes_not_letters():
    text = json.dumps("ö" * 40, ensure_ascii=False)
    assert loads(text, max_bytes=82) == "ö" * 40
    for raw in (text, text.encode()):
        with pytest.raises(TooLarge, match="at most 81 bytes of JSON, got 82"):
            loads(raw, max_bytes=81)


@pytest.mark.parametrize(
    "text",
    [
        "[{}" * 20 + '"' + '\\"' * 3_000_000,
        "[" * 33 + '"' + "a" * 6_000_000 + '"' + "]" * 33,
        '{"a":' * 33 + '"' + "\\\\" * 3_000_000,
        "0." + "1" * 6_000_000,
        "[" + "9" * 6_000_000 + "]",
    ],
    ids=["open text of escapes", "deep long text", "deep text of backslashes", "long fraction", "long integer"],
)
def test_a_large_hostile_text_costs_time_in_proportion_to_its_length(text):
    began = time.process_time()
    with contextlib.suppress(BadInput):
        loads(text, max_bytes=PICTURE_ROOM)
    # Processor time, and ten times what is needed: this catches the square of the length (days), nothing finer.
    assert time.process_time() - began < 5.0
