"""Response bodies, which arrive in parts: none takes more memory than allowed."""

import gzip
import json
import tracemalloc
import zlib
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._http.body import Body
from tests.benchmarks.samples import page

MIB = 1024 * 1024


def taken(*parts: bytes, encoding: str = "", most: int = MIB) -> Body:
    """Return a body of these parts, read up to its first fault."""
    body = Body(encoding, most)
    for part in parts:
        body.add(part)
        if body.fault is not None:
            break
    body.end()
    return body


def fault_of(body: Body) -> str:
    """Return the reason why the body is invalid."""
    assert body.fault is not None
    return body.fault.reason


def cut(content: bytes, places: list[int]) -> list[bytes]:
    """Return the same content in parts."""
    edges = sorted({0, len(content), *(place % (len(content) + 1) for place in places)})
    return [content[a:b] for a, b in pairwise(edges)]


@given(
    content=st.binary(max_size=300),
    places=st.lists(st.integers(0, 400), max_size=5),
    squeezed=st.booleans(),
)
def test_a_body_is_the_same_however_it_is_split(
    content: bytes, places: list[int], *, squeezed: bool
) -> None:
    """Whether it is compressed or not."""
    sent = gzip.compress(content) if squeezed else content
    body = taken(*cut(sent, places), encoding="gzip" if squeezed else "")
    assert (bytes(body.content), body.fault) == (content, None)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZip ", "", "identity", "Identity"])
def test_the_requested_encodings_are_read(encoding: str) -> None:
    """Under every alias."""
    content = gzip.compress(b"{}") if "gzip" in encoding.lower() else b"{}"
    assert taken(content, encoding=encoding).content == b"{}"


@pytest.mark.parametrize(
    "encoding",
    ["gzip, gzip", "gzip,identity", "br", "zstd", "deflate", "compress", "aws-chunked", "x" * 999],
)
def test_an_encoding_that_was_not_requested_is_refused(encoding: str) -> None:
    """With its name in the message; the body is kept undecoded, for the excerpt."""
    body = taken(b"\x1b\x03abc", encoding=encoding)
    assert fault_of(body).startswith(f"it is encoded as '{encoding[:70]}")
    assert len(fault_of(body)) < 200
    assert body.content == b"\x1b\x03abc"


@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_an_empty_body_needs_no_encoding(encoding: str) -> None:
    """A 204 may have any Content-Encoding."""
    assert taken(b"", encoding=encoding).fault is None
    assert taken(encoding=encoding).fault is None


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        pytest.param(gzip.compress(b"{}" * 99)[:-1], "cut short", id="cut in its end"),
        pytest.param(gzip.compress(b"{}" * 99)[:15], "cut short", id="cut in its middle"),
        pytest.param(gzip.compress(b"{}")[:5], "cut short", id="cut in its head"),
        pytest.param(b"{}", "incorrect header", id="no gzip"),
        pytest.param(zlib.compress(b"{}"), "incorrect header", id="another format"),
        pytest.param(gzip.compress(b"{}")[:-5] + b"\0" * 5, "incorrect", id="wrong checksum"),
        pytest.param(gzip.compress(b"{}") + b"x", "followed by other data", id="more"),
        pytest.param(gzip.compress(b"{}") * 2, "followed by other data", id="two of them"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_broken_gzip_is_refused(sent: bytes, fault: str, *, at_once: bool) -> None:
    """Its beginning could pass for all of it; a retry may get it complete."""
    parts = [sent] if at_once else [bytes([byte]) for byte in sent]
    body = taken(*parts, encoding="gzip")
    assert fault in fault_of(body)
    assert body.fault
    assert body.fault.hint is None


@pytest.mark.parametrize("squeezed", [True, False])
def test_the_limit_applies_to_decompressed_bytes(*, squeezed: bool) -> None:
    """To the byte."""
    content = b"x" * 1000
    sent, encoding = (gzip.compress(content), "gzip") if squeezed else (content, "")
    assert taken(sent, encoding=encoding, most=1000).fault is None
    body = taken(sent, encoding=encoding, most=999)
    assert fault_of(body) == "the body is larger than max_response_bytes=999"


@pytest.mark.parametrize("at_once", [True, False])
def test_a_small_response_that_would_decompress_to_a_huge_one_takes_little_memory(
    *, at_once: bool
) -> None:
    """A megabyte expands to a gigabyte, and each part to as much more."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(64)) + packer.flush()
    assert len(bomb) < 70_000
    parts = [bomb] if at_once else [bomb[at : at + 100] for at in range(0, len(bomb), 100)]
    tracemalloc.start()
    try:
        body = taken(*parts, encoding="gzip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "larger than" in fault_of(body)
    assert peak < 4 * MIB


@pytest.mark.parametrize("part", ["[],", "{},", '"x",', "1,", "[[["])
def test_a_large_body_of_tiny_values_is_not_decoded(part: str) -> None:
    """As objects they take many times the memory of their text."""
    body = taken((f"[{part}" + part * (MIB // len(part) - 10)).encode())
    assert "more values than max_response_bytes=1048576 allows" in fault_of(body)
    assert taken((f"[{part}" + part * 30_000).encode()).fault is None


@pytest.mark.parametrize("part", ["[]", "{}", '"xé"', "1.5", '{"a":0}', "[[[[[]]]]]"])
def test_what_is_decoded_takes_no_more_memory_than_twelve_times_the_limit(part: str) -> None:
    """Whatever values the body has."""
    fewest, most = 0, MIB // len(part)
    while most - fewest > 1:
        number = (fewest + most) // 2
        body = taken(("[" + ",".join([part] * number) + "]").encode(), most=MIB)
        fewest, most = (number, most) if body.fault is None else (fewest, number)
    content = ("[" + ",".join([part] * fewest) + "]").encode()
    tracemalloc.start()
    try:
        values = msgspec.json.decode(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(values) == fewest > 10_000
    assert peak < 12 * MIB


@pytest.mark.parametrize("most", [MIB, 64 * MIB])
def test_a_large_page_of_groups_is_read(most: int) -> None:
    """It may be as large as the limit."""
    one = json.dumps(json.loads(page(1)), separators=(",", ":")).encode() + b","
    assert taken(b"[" + one * ((most - 10) // len(one)), most=most).fault is None


def test_a_body_shows_nothing_of_itself() -> None:
    """It is a local variable while a response is read."""
    assert "secret" not in repr(taken(b"secret"))
