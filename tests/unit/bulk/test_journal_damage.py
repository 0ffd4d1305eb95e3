"""Damaged journals: each invalid line is refused, and no file is changed."""

import asyncio
import json
import os
import tracemalloc
from io import BytesIO, FileIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall.bulk.journal import EITHER, OLD
from grafana_oncall.bulk.journal_file import FileJournal
from grafana_oncall.bulk.journal_reader import JournalReader
from grafana_oncall.bulk.outcomes import Status
from grafana_oncall.errors import JournalError
from tests.support.journals import read, refused, with_checksums
from tests.support.virtual_time import passed, run

HEAD: dict[str, Any] = {
    "journal": 1,
    "server": "https://oncall.example/",
    "grafana_url": None,
    "action": {"name": "resolve"},
    "query": None,
    "converge": False,
    "max_items": None,
}
SELECTED = ['{"select": ["I0", "I1"]}', '{"selected": 2, "complete": true}']


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a file that does not exist yet."""
    return tmp_path / "run.jsonl"


def written(path: Path, *lines: str) -> Path:
    """Write a journal of these lines."""
    path.write_text(with_checksums("".join(f"{line}\n" for line in lines)), "utf-8")
    return path


END = '"detail": "", "seconds": 0}'


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty line"),
        pytest.param("begin 0", id="no JSON"),
        pytest.param('{"begin": "I0"', id="half an object"),
        pytest.param("[]", id="list"),
        pytest.param("[0]", id="list of a number"),
        pytest.param("0", id="number"),
        pytest.param("null", id="null"),
        pytest.param('"begin"', id="string"),
        pytest.param("{}", id="empty object"),
        pytest.param('{"start": 0}', id="unknown entry"),
        pytest.param(json.dumps(HEAD), id="second header"),
        pytest.param('{"select": "I2"}', id="select no list"),
        pytest.param('{"select": [["I2"]]}', id="select lists"),
        pytest.param('{"selected": "2", "complete": true}', id="selected no number"),
        pytest.param('{"selected": 2}', id="selected without complete"),
        pytest.param('{"selected": 2, "complete": 1}', id="complete no boolean"),
        pytest.param('{"begin": 0}', id="begin a number"),
        pytest.param('{"begin": null}', id="begin null"),
        pytest.param('{"begin": ["I0"]}', id="begin a list"),
        pytest.param('{"begin": "I2"}', id="begin of a group that was not selected"),
        pytest.param(f'{{"end": "I2", "status": "changed", {END}', id="end of such a group"),
        pytest.param(f'{{"end": 0, "status": "changed", {END}', id="end a number"),
        pytest.param(
            f'{{"selected": 1{"0" * 5000}, "complete": true}}', id="number beyond parsing"
        ),
        pytest.param(f'{{"end": "I0", "status": "done", {END}', id="unknown status"),
        pytest.param(f'{{"end": "I0", "status": 1, {END}', id="number as status"),
        pytest.param(f'{{"end": "I0", "status": [], {END}', id="list as status"),
        pytest.param(f'{{"end": "I0", {END}', id="no status"),
        pytest.param('{"end": "I0", "status": "changed", "seconds": 0}', id="no detail"),
        pytest.param('{"end": "I0", "status": "changed", "detail": ""}', id="no seconds"),
        pytest.param(
            '{"end": "I0", "status": "changed", "detail": "", "seconds": "0"}',
            id="string as seconds",
        ),
        pytest.param('{"begin": "I0", "silenced_at": 3}', id="silenced_at no time"),
        pytest.param("[" * 200_000, id="nested too deeply"),
        pytest.param(
            f'{{"end": "I0", "status": "failed", "detail": "", "seconds": 1{"0" * 400}}}',
            id="seconds beyond floats",
        ),
    ],
)
def test_an_invalid_line_is_refused_with_its_number(path: Path, line: str) -> None:
    """What follows is not read, because nothing of it could be trusted."""
    written(path, json.dumps(HEAD), *SELECTED, line, '{"begin": "I0"}')
    with refused(path, "line 4: not a line of a bulk journal"):
        read(path)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("{}", id="empty object"),
        pytest.param("[]", id="list"),
        pytest.param("1", id="number"),
        pytest.param("journal", id="no JSON"),
        pytest.param(SELECTED[0], id="no header"),
        pytest.param(json.dumps({**HEAD, "journal": 2}), id="another format"),
        pytest.param(json.dumps({**HEAD, "journal": "1"}), id="format as string"),
        pytest.param(json.dumps({**HEAD, "action": {"name": "escalate"}}), id="unknown action"),
        pytest.param(json.dumps({**HEAD, "action": {}}), id="action without name"),
        pytest.param(json.dumps({**HEAD, "action": "resolve"}), id="action a string"),
        pytest.param(
            json.dumps({**HEAD, "action": {"name": "resolve", "delay": 1}}), id="wrong argument"
        ),
        pytest.param(json.dumps({**HEAD, "action": {"name": "silence"}}), id="missing argument"),
        pytest.param(json.dumps({**HEAD, "query": 7}), id="query a number"),
        pytest.param(json.dumps({**HEAD, "query": [["state"]]}), id="query without value"),
        *(
            pytest.param(
                json.dumps({name: value for name, value in HEAD.items() if name != left_out}),
                id=f"without {left_out}",
            )
            for left_out in HEAD
        ),
    ],
)
def test_a_first_line_that_is_not_a_header_is_refused(path: Path, first: str) -> None:
    """So is a journal of another release."""
    with refused(path, "line 1: not a line of a bulk journal"):
        read(written(path, first, *SELECTED))


def test_a_refusal_quotes_the_beginning_of_the_line_and_says_what_to_do(path: Path) -> None:
    """Sixty bytes show what kind of file it is."""
    path.write_bytes(b"x" * 100)
    with refused(path) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}, line 1: not a line of a bulk journal, or a damaged one: b'{'x' * 60}'. "
        "Nothing was sent now. Start a new run, with a new file."
    )


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        pytest.param([json.dumps({**HEAD, "journal": 99})], "another format", id="format"),
        pytest.param(
            [json.dumps({**HEAD, "query": [["colour", "red"]]})], "unknown filter", id="filter"
        ),
        pytest.param([json.dumps(HEAD), '{"select": [7]}'], "not an id", id="id"),
        pytest.param([json.dumps(HEAD), '{"start": 0}'], "not a line of a journal", id="entry"),
    ],
)
def test_the_cause_of_a_refusal_says_what_is_wrong(
    path: Path, lines: list[str], cause: str
) -> None:
    """For whoever reads the traceback."""
    with refused(path, f"line {len(lines)}") as caught:
        read(written(path, *lines))
    assert str(caught.value.__cause__) == cause


def test_the_rest_of_a_long_journal_is_read_at_once(path: Path) -> None:
    """Other tasks run between chunks, but nobody waits for a time."""
    ids = [f"I{number:010}" for number in range(10_000)]
    written(path, json.dumps(HEAD), *(json.dumps({"select": [group_id]}) for group_id in ids))

    async def read_all() -> tuple[list[str], float]:
        with FileIO(str(path)) as file:
            reader = JournalReader(path, file)
            assert not reader.at_end
            await reader.read_rest()
        assert reader.state is not None
        return [outcome.id for outcome in reader.state.outcomes], passed()

    assert run(read_all()) == (ids, 0)


def test_a_journal_in_memory_is_read_as_one_in_a_file(path: Path) -> None:
    """That of a shard, and that of a run whose journal is in a store."""
    lines = written(path, *EVERY_LINE).read_bytes()
    reader = JournalReader("nightly", BytesIO(lines))
    assert (reader.size, reader.at_end) == (len(lines), True)
    in_memory, in_file = reader.state, read(path)
    assert in_memory is not None
    assert [*in_memory.outcomes] == [*in_file.outcomes]
    assert in_memory.header == in_file.header
    assert in_memory.finished


def test_a_journal_that_the_disk_does_not_give_back_is_a_journal_error(path: Path) -> None:
    """Here, the file is open for writing only."""
    with FileIO(str(path), "wb") as file, refused(path, ": the journal cannot be read (") as caught:
        JournalReader(path, file)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_line_that_no_journal_can_have_is_not_read_to_its_end(path: Path) -> None:
    """A gigabyte without a line feed, after the beginning of a journal."""
    path.write_bytes(b'{"journal": 1')
    os.truncate(path, 2**30)
    tracemalloc.start()
    try:
        with (
            refused(path, "line 1: not a line of a bulk journal"),
            FileJournal(path, OLD) as journal,
        ):
            journal.peek()
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


EVERY_LINE = [
    json.dumps({**HEAD, "query": [["state", "new"]], "max_items": 7}),
    *SELECTED,
    '{"begin": "I0", "silenced_at": "2026-03-02T09:30:00+00:00"}',
    '{"end": "I0", "status": "changed", "seconds": 0.25, "detail": "fine"}',
    '{"begin": "I1"}',
    '{"end": "I1", "status": "rejected", "seconds": 0, "detail": ""}',
    '{"finished": true}',
]


def test_no_flipped_bit_has_another_effect(path: Path) -> None:
    """Each is refused; but without its line feed, the last line counts as cut off."""
    whole = written(path, *EVERY_LINE).read_bytes()
    with FileIO(str(path), "rb+") as file:
        for place, bit in product(range(len(whole)), range(8)):
            file.seek(place)
            file.write(bytes([whole[place] ^ 1 << bit]))
            if place < len(whole) - 1:
                with refused(path, "damaged"):
                    JournalReader(path, file)
            else:
                assert read(path).finished is False
                assert read(path).outcomes.counts[Status.CHANGED] == 1
            file.seek(place)
            file.write(whole[place : place + 1])


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="empty file"),
        pytest.param([json.dumps(HEAD)], id="header only"),
        pytest.param([json.dumps(HEAD), SELECTED[0]], id="half a selection"),
    ],
)
def test_a_journal_whose_selection_is_not_complete_cannot_be_resumed(
    path: Path, lines: list[str]
) -> None:
    """Nothing was sent, so there is nothing to finish."""
    assert_nothing_sent(written(path, *lines))


def assert_nothing_sent(path: Path) -> None:
    """Assert that it is refused at the call or the await, and the file is unchanged."""
    before = path.read_bytes()
    with FileJournal(path, OLD) as journal:
        with refused(path, "the selection was not complete, so nothing was sent") as caught:
            journal.peek()
        assert caught.value.reason == "nothing_sent"
        assert asyncio.run(journal.read()) is None
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "end", [pytest.param(1, id="a last line"), pytest.param(100, id="a first line")]
)
def test_a_selection_whose_last_line_is_half_is_not_complete(path: Path, end: int) -> None:
    """The machine stopped while the line was being written."""
    written(path, json.dumps(HEAD), *SELECTED)
    os.truncate(path, path.stat().st_size - end)
    assert_nothing_sent(path)


@pytest.mark.parametrize("content", [b"\0\0\0", b'{"jour\0\0', b'{"journal": 1, "server": "h'])
def test_a_first_line_of_zeros_counts_as_empty(path: Path, content: bytes) -> None:
    """A crash of the machine leaves zeros where the disk has not been written."""
    path.write_bytes(content)
    assert_nothing_sent(path)


@pytest.mark.parametrize("content", [b"precious", b'{"jX', b"{\n  precious\n}", b"\xff\x00"])
def test_a_file_that_is_not_a_journal_is_left_unchanged(path: Path, content: bytes) -> None:
    """A wrong path loses nothing."""
    path.write_bytes(content)
    for mode in (OLD, EITHER):
        with FileJournal(path, mode) as journal, refused(path, "line 1") as caught:
            asyncio.run(journal.read())
        assert caught.value.reason == "broken"
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_read_is_a_journal_error(path: Path) -> None:
    """Its cause is chained."""
    with pytest.raises(JournalError, match="there is no such journal") as caught:
        FileJournal(path, OLD).__enter__()
    assert (type(caught.value.__cause__), caught.value.reason) == (FileNotFoundError, "missing")
    with refused(path.parent) as caught, FileJournal(path.parent, OLD):
        pass
    assert caught.value.reason == "io"
