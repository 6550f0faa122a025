"""What messages ask for, in the legacy text form and in JSON."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.errors import BadInput, NotAllowed
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.open_request import Address
from mqtt_gateway.domain.request_forms import Asked, Refused, answer_topic, client_of, read_request


def message(topic: str, payload: str | bytes, **more) -> Incoming:
    raw = payload if isinstance(payload, bytes) else payload.encode()
    return Incoming(topic, raw, qos=1, packet=1, again=False, kept=False, connection=1, **more)


def refused(told: Incoming) -> Refused:
    answer = read_request(told)
    assert isinstance(answer, Refused)
    return answer


def ours(**told: object) -> Incoming:
    return message("inputCode/a", json.dumps({"requestId": "r1"} | told))


def test_the_first_two_separators_and_the_last_count():
    source = 'int main() { puts("----"); /* ---- a ---- b */ }'
    asked = read_request(message("inputCode/a", f"job----1 2----{source}----gcc <name>.c -o <name>\n"))
    assert (asked.name, asked.args, asked.files) == ("job", ("1", "2"), {"job.c": source})
    assert asked.build == "gcc <name>.c -o <name>"
    assert (asked.address.request_id, asked.address.form) == (None, "text")


@given(source=st.text(st.sampled_from("-ab \n")), args=st.lists(st.text("xy", min_size=1)))
def test_any_source_survives_that_does_not_touch_its_separators(source, args):
    source = f"/{source}/"
    asked = read_request(message("inputCode/a", f"job----{' '.join(args)}----{source}----gcc"))
    assert (asked.files, asked.args) == ({"job.c": source}, tuple(args))


@pytest.mark.parametrize("text", ["", "a", "a----b", "a----b----c", "----", "a--------b"])
def test_fewer_than_four_parts_are_refused(text):
    assert "four parts" in refused(message("inputCode/a", text)).reason


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "-rf", "x" * 65, ".hidden", "ä"])
def test_a_name_that_is_no_plain_file_name_is_refused(name):
    assert refused(message("inputCode/a", f"{name}----1----int x;----gcc")).reason.startswith("name: ")


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("", ()),
        ("7 8", ("7", "8")),
        ("'a b' c", ("a b", "c")),
        ("it's", ("it's",)),
        ("x\0\0", ("x",)),
        ("{ not json", ("{", "not", "json")),
        ('{"a": 1}', ("{a:", "1}")),
    ],
)
def test_local_code_gets_an_argument_line(text, args):
    asked = read_request(message("localCode/a", text))
    assert (asked.program, asked.args, asked.files, asked.build) == ("program", args, {}, None)


def test_a_payload_that_is_no_utf_8_is_refused():
    assert "UTF-8" in refused(message("localCode/a", b"\xff\xfe")).reason


def test_json_asks_for_several_files_input_and_limits():
    told = {"files": {"a.c": "x", "a.h": "y"}, "build": "gcc a.c -o <name>", "args": ["1"], "stdin": "in"}
    asked = read_request(ours(**told, limits={"wallSeconds": 2, "memoryMb": 64}))
    assert (asked.address.request_id, asked.files, asked.build) == ("r1", {"a.c": "x", "a.h": "y"}, "gcc a.c -o <name>")
    assert (asked.args, asked.stdin, asked.limits.wall_seconds, asked.limits.memory_mb) == (("1",), "in", 2, 64)
    task = asked.task("t", "replies")
    assert (task.task_id, task.reply, task.tag, task.files) == ("t", "replies", "a", asked.files)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({}, "either"),
        ({"program": "p", "files": {"a.c": ""}}, "either"),
        ({"program": "../p"}, "program"),
        ({"files": {"../a": ""}}, "files|key"),
        ({"files": {f"f{n}": "" for n in range(65)}}, "64"),
        ({"program": "p", "args": "x"}, "array"),
        ({"program": "p", "args": ["x"] * 257}, "256"),
        ({"program": "p", "build": "gcc"}, "build"),
        ({"program": "p", "more": 1}, "unknown"),
        ({"program": "p", "requestId": ""}, "requestId"),
        ({"program": "p", "requestId": "a b"}, "requestId"),
        ({"program": "p", "requestId": 1}, "str"),
        ({"program": "p", "limits": {"wallSeconds": 0}}, "above 0"),
        ({"program": "p", "limits": {"memoryMb": -1}}, "above 0"),
        ({"program": "p", "limits": {"disk": 1}}, "unknown"),
    ],
)
def test_json_that_is_no_request_is_refused_with_what_is_wrong(told, text):
    assert re.search(text, refused(ours(**told)).reason)


@pytest.mark.parametrize(
    "raw", [b"{", b'{"requestId":"a","requestId":"b"}', b'{"x":NaN}', b"{" * 50, b'{"a":"\\ud800"}']
)
def test_broken_json_is_refused(raw):
    assert refused(message("inputCode/a", raw)).address.request_id == "", "JSON, and no id that can be read"


@pytest.mark.parametrize(
    ("topic", "raw", "request_id"),
    [
        ("inputCode/a", b"text", None),
        ("inputCode/a", b'{"requestId": "r1"}', "r1"),
        ("inputCode/a", b'{"requestId": "not plain"}', ""),
        ("inputCode/a", b"{}", ""),
        ("localCode/a", b'{"requestId": "r1"}', "r1"),
        ("localCode/a", b'{"requestId": "r1", "program": "p", "more": 1}', "r1"),
        ("localCode/a", b"\xff", None),
    ],
)
def test_a_refusal_names_the_request_where_it_can_be_read(topic, raw, request_id):
    assert refused(message(topic, raw)).address == Address("result/a", request_id)


@pytest.mark.parametrize("raw", [b"{ not json", b'{"requestId": 7}', b'{"requestId":"a","requestId":"b"}'])
def test_without_an_id_that_can_be_read_local_code_is_text_whatever_it_begins_with(raw):
    asked = read_request(message("localCode/a", raw))
    assert isinstance(asked, Asked)
    assert (asked.program, asked.address.form) == ("program", "text")


def test_a_message_is_refused_where_it_wants_its_answer_and_on_its_own_topic_where_it_may_not_want_it():
    fit = refused(message("inputCode/a", "{}", response_topic="result/a/x", correlation=b"c"))
    assert fit.address == Address("result/a/x", "", "Yw==")
    foreign = refused(message("inputCode/a", '{"requestId": "r"}', response_topic="result/b"))
    assert foreign.address == Address("result/a", "r")
    assert foreign.reason.startswith("response topic: ")


def test_the_same_request_has_the_same_digest_and_another_clients_has_not():
    one = read_request(message("localCode/a", "1"))
    assert one.digest == read_request(message("localCode/a", "1")).digest
    assert one.digest != read_request(message("localCode/b", "1")).digest
    assert one.digest != read_request(message("localCode/a", "2")).digest


@pytest.mark.parametrize("topic", ["localCode", "localCode/", "other/a", "localCode/a/b", "inputCode/a\nb", "result/a"])
def test_only_the_two_rooms_with_a_client_behind_them_are_served(topic):
    with pytest.raises(BadInput, match="topic"):
        client_of(topic)


def test_the_answer_goes_to_the_clients_own_topic_or_below_it():
    plain = message("localCode/a", "1")
    assert answer_topic(plain, "a") == "result/a"
    for named in ("result/a", "result/a/x", "result/a/x/y"):
        assert answer_topic(message("localCode/a", "1", response_topic=named), "a") == named
    for foreign in ("result/b", "result/ab", "result", "result/a/#", "result/a/+", "searchlight/available", "", "/"):
        with pytest.raises(NotAllowed, match="response topic"):
            answer_topic(message("localCode/a", "1", response_topic=foreign), "a")
    with pytest.raises(BadInput, match="correlation"):
        answer_topic(message("localCode/a", "1", correlation=b"x" * 257), "a")
