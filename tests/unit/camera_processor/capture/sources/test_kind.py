"""A text is of the kind whose scheme it begins with, or whose form it has without one; well written or not."""

import re

import pytest

from camera_processor.capture.sources.kind import OpenSource, SourceKind

KIND = SourceKind(
    forms=("tape:N",),
    shows="a tape",
    schemes=("tape", "vhs"),
    bare=re.compile(r"/dev/tape"),
    example="tape:1",
    read=OpenSource,
)


@pytest.mark.parametrize("text", ["tape:1", "TAPE:", "vhs:/a:b", "/dev/tape0", "/dev/tape?"])
def test_a_kind_claims_what_is_meant_to_be_of_it(text):
    assert KIND.claims(text)


@pytest.mark.parametrize("text", ["", ":tape", "tapes:1", "file:tape:1", "/dev/video0", " tape:1"])
def test_a_kind_claims_nothing_else(text):
    assert not KIND.claims(text)


def test_a_kind_without_a_form_of_its_own_has_schemes_only():
    assert not SourceKind(forms=("x:",), shows="x", schemes=("x",), example="x:", read=OpenSource).claims("/dev/x")


def test_a_source_without_secrets_may_be_shown_as_it_is():
    source = OpenSource("tape:1")
    assert source.redacted == "tape:1"
    assert source.scrub("tape:1 is torn") == "tape:1 is torn"
