"""Answers are packed for clients that unpack them, under tags of their own."""

import gzip

import pytest
import zstandard

PACK = {"Accept-Encoding": "gzip, br"}
UNPACKED = {"gzip": gzip.decompress, "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data)}
ASKED = {"gzip": "gzip, br", "zstd": "gzip, deflate, br, zstd"}
LONG = (
    "/v1/models/asia/marginals",
    "/v1/models/asia/marginals.csv",
    "/v1/models/asia/variables",
    "/v1/models/asia/brief.md?target=lung",
    "/openapi.json",
    "/plain",
)


@pytest.mark.parametrize("coding", UNPACKED)
@pytest.mark.parametrize("path", LONG)
def test_a_long_answer_is_packed_for_who_unpacks_it_and_says_on_what_that_depends(client, path, coding):
    asked = {"Accept-Encoding": ASKED[coding]}
    plain, packed = client.get(path), client.get(path, headers=asked)
    assert UNPACKED[coding](packed.data) == plain.data
    assert len(packed.data) < 0.7 * len(plain.data)
    assert (packed.headers["Content-Encoding"], packed.content_length) == (coding, len(packed.data))
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert packed.headers["Vary"] == plain.headers["Vary"]
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert client.get(path, headers=asked).data == packed.data


@pytest.mark.parametrize("path", LONG)
def test_either_tag_is_told_that_nothing_changed(client, path):
    for headers in ({}, *({"Accept-Encoding": asked} for asked in ASKED.values())):
        tag = client.get(path, headers=headers).headers["ETag"]
        for _ in range(3):
            again = client.get(path, headers={**headers, "If-None-Match": tag})
            assert (again.status_code, again.headers["ETag"], again.data) == (304, tag, b"")
            assert "Accept-Encoding" in again.headers["Vary"]


@pytest.mark.parametrize(
    ("wanted", "coding"),
    [
        ("zstd;q=0.5, gzip", "gzip"),
        ("gzip;q=0.5, zstd", "zstd"),
        ("zstd, gzip", "zstd"),
        ("*", "zstd"),
        ("*;q=0.1, gzip;q=0", "zstd"),
        ("gzip, zstd;q=0", "gzip"),
    ],
)
def test_the_coding_is_the_one_that_the_client_wants_most(client, wanted, coding):
    assert client.get(LONG[0], headers={"Accept-Encoding": wanted}).headers["Content-Encoding"] == coding


def test_what_a_head_says_is_true_of_the_answer(client):
    head, got = (client.open(LONG[0], method=method, headers=PACK) for method in ("HEAD", "GET"))
    assert head.headers["Content-Length"] == str(len(got.data))
    assert (head.headers["ETag"], head.data) == (got.headers["ETag"], b"")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/livez", PACK),
        (LONG[0], {"Accept-Encoding": "gzip;q=0"}),
        (LONG[0], {"Accept-Encoding": "br"}),
        ("/v1/models/nothing", PACK),
    ],
)
def test_what_gains_nothing_or_is_not_wanted_packed_is_sent_as_it_is(client, path, headers):
    answer = client.get(path, headers=headers)
    assert "Content-Encoding" not in answer.headers
    assert answer.json


def test_an_answer_to_a_body_is_packed_too(client):
    body = {"targets": [], "given": {"xray": "yes"}}
    plain, packed = (client.post("/v1/models/asia/query", json=body, headers=each) for each in ({}, PACK))
    assert gzip.decompress(packed.data) == plain.data
