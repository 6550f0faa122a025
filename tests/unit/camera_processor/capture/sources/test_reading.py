"""The pieces of a source's text are read strictly."""

import pytest

from backbone.errors import BadInput
from camera_processor.capture.sources.reading import path_and_query, read_flag, read_number, read_query, without_login


@pytest.mark.parametrize(
    ("text", "path"),
    [("file:/a/b", "/a/b"), ("file:a b", "a b"), ("file:///a/b", "/a/b"), ("file:C:x", "C:x"), ("file:a%20b", "a%20b")],
)
def test_a_path_is_taken_as_it_is_written(text, path):
    assert path_and_query(text, allowed=()) == (path, {})


@pytest.mark.parametrize("text", ["file:", "file:?loop=1", "file://host/a", "file:////host/a", "file:a\0b"])
def test_a_path_that_is_not_on_this_machine_is_refused(text):
    with pytest.raises(BadInput, match="expected a path on this machine after file:"):
        path_and_query(text, allowed=("loop",))


def test_what_is_asked_stands_behind_the_first_question_mark():
    assert path_and_query("file:a?loop=1&fps=2?", allowed=("loop", "fps")) == ("a", {"loop": "1", "fps": "2?"})
    assert read_query("&loop=1&", allowed=("loop",)) == {"loop": "1"}


@pytest.mark.parametrize("asked", ["speed=1", "loop=1&loop=1", "=1", "LOOP=1"])
def test_what_may_not_be_asked_is_refused(asked):
    with pytest.raises(BadInput, match="expected each of loop at most once"):
        read_query(asked, allowed=("loop",))


def test_a_flag_is_1_or_0_and_not_set_where_it_is_not_there():
    assert [read_flag(query, "loop") for query in ({"loop": "1"}, {"loop": "0"}, {})] == [True, False, False]
    with pytest.raises(BadInput, match="expected loop=0 or loop=1; got loop=''"):
        read_flag({"loop": ""}, "loop")


@pytest.mark.parametrize(("text", "number"), [("0.01", 0.01), ("120", 120.0), ("007.50", 7.5)])
def test_a_number_is_a_plain_decimal_within_its_bounds(text, number):
    assert read_number({"fps": text}, "fps", 0.01, 120.0, 10.0) == number


@pytest.mark.parametrize("text", ["", "0", "120.1", "1e1", "-1", "+1", "nan", "inf", "1.", ".5", "\u0661", "1_0", " 1"])
def test_another_number_is_refused(text):
    with pytest.raises(BadInput, match=r"expected fps as a number from 0\.01 to 120"):
        read_number({"fps": text}, "fps", 0.01, 120.0, 10.0)


def test_a_number_whose_bounds_are_whole_is_whole():
    assert read_number({"width": "640"}, "width", 64, 16_384, 320) == 640
    assert read_number({}, "width", 64, 16_384, 320) == 320
    with pytest.raises(BadInput, match="expected width as a whole number"):
        read_number({"width": "640.0"}, "width", 64, 16_384, 320)


def test_a_login_is_not_shown_however_it_is_written():
    assert without_login("rtsp://a:b@c@host/x") == "rtsp://***@host/x"
    assert without_login("rtsp://a:b\n@host/x") == "rtsp://***@host/x"
    assert without_login("/dev/video0") == "/dev/video0"
