"""JSON as it should be: what a lenient parser lets through is refused with its place."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http import strict_json
from service.http.problems import BadJSON


@pytest.mark.parametrize(
    ("raw", "where", "reason"),
    [
        (b"", (), "line 1, column 1"),
        (b'{"a": 1,\n "b": }', (), "line 2, column 7"),
        (b"{} {}", (), "Extra data"),
        (b"{'a': 1}", (), "double quotes"),
        (b'{"a": 01}', (), "column"),
        (b'"\x01"', (), "control character"),
        (b"\xff", (), "byte 0 is 0xff"),
        ("{}".encode("utf-16-be"), (), "line 1"),
        (b"NaN", (), "NaN is not JSON"),
        (b"[1, [-Infinity]]", (1, 0), "-Infinity is not JSON"),
        (b'{"a": 1e400}', ("a",), "too large"),
        (b'{"a": 9007199254740993}', ("a",), "beyond 2\\^53"),
        (b'{"a": -9007199254740993}', ("a",), "beyond 2\\^53"),
        (b'{"a": ' + b"9" * 5000 + b"}", ("a",), "5000 digits"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', ("b", "c"), "'c' is named twice"),
        (b'[{"a": 1, "\\u0061": 2}]', (0, "a"), "'a' is named twice"),
        (b'{"a": "x\\u0000"}', ("a",), "NUL"),
        (b'{"a\\u0000": 1}', (), "NUL"),
        (b'["\\ud83d"]', (0,), "surrogate"),
        (b'["\\ude00\\ud83d"]', (0,), "surrogate"),
        (b"[" * 65 + b"]" * 65, (), "64 deep"),
        (b"[" * 1_000_000, (), "64 deep"),
        (b'{"a":' * 200_000, (), "64 deep"),
    ],
)
def test_what_is_not_strict_json_is_refused_in_its_place(raw, where, reason):
    with pytest.raises(BadJSON, match=reason) as raised:
        strict_json.read(raw)
    assert raised.value.where == where


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2.5, -0.0, 1e300, true, null, "\\ud83d\\ude00", "\\u0001", "é"]}',
        "[" * 64 + "]" * 64,
        '["' + "[{" * 1000 + '"]',
        '["\\"[[[[", "\\\\"]',
        "9007199254740992",
        ' \t\n"x" ',
    ],
)
def test_what_is_json_is_read(text):
    assert strict_json.read(text.encode()) == json.loads(text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab[{"\\', max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(value=VALUES, ascii_only=st.booleans())
def test_any_value_reads_back(value, ascii_only):
    assert strict_json.read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(raw=st.binary(max_size=60) | st.text('{}[]",:0e-\\u d8 NaInf', max_size=60).map(str.encode))
def test_any_bytes_are_read_as_the_lenient_parser_reads_them_or_refused(raw):
    with contextlib.suppress(BadJSON):
        assert strict_json.read(raw) == json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [b"[" + b"[],[]," * 1_000_000 + b"1]", b'"' + b"\\\\" * 4_000_000, b'"' * 8_000_000, b'{"a":"' + b"[" * 8_000_000],
)
def test_the_largest_body_takes_seconds_at_most(raw):
    started = time.process_time()
    with contextlib.suppress(BadJSON):
        strict_json.read(raw)
    assert time.process_time() - started < 10
