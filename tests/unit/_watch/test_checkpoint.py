"""Checkpoints of watchers: values that outlive them, as JSON and in files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grafana_oncall import OnCallClient
from grafana_oncall._core.files import sealed
from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall._watch.tracker import Delivery
from grafana_oncall._watch.watcher import Watcher, follower_of
from grafana_oncall.changes import Snapshot
from grafana_oncall.errors import CheckpointError
from grafana_oncall.models import AlertGroupState
from tests.support.checkpoints import CHECKPOINT, OTHER, SERVER, URL, full_disk
from tests.support.journals import with_checksums
from tests.support.odd_files import ENDLESS, each_path

JSON: dict[str, Any] = json.loads(CHECKPOINT.to_json())

# Values

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]), allow_imaginary=True
)
snapshots = st.builds(
    Snapshot,
    id=texts,
    created_at=moments,
    state=st.sampled_from([*AlertGroupState, AlertGroupState("paused")]),
    alerts_count=st.integers(0, 10**12),
    labels=pairs,
    title=st.none() | texts,
)
deliveries = st.builds(Delivery, id=texts, after=st.none() | snapshots, left_filter=st.booleans())
checkpoints = st.builds(
    Checkpoint,
    server=texts,
    grafana_url=st.none() | texts,
    query=pairs,
    polled=moments,
    groups=st.lists(snapshots, max_size=3).map(tuple),
    left_filter=st.lists(texts, max_size=3).map(tuple),
    in_flight=st.lists(deliveries, max_size=3).map(tuple),
)


@given(checkpoint=checkpoints)
def test_what_was_written_is_read_back(checkpoint: Checkpoint) -> None:
    """As text or as bytes, whatever it contains."""
    text = checkpoint.to_json()
    assert Checkpoint.from_json(text) == checkpoint
    assert Checkpoint.from_json(text.encode()) == checkpoint


def changed(*path: str | int, value: Any) -> str:
    """The JSON of a checkpoint with another value in one place."""
    entry: Any = deepcopy(JSON)
    inner = entry
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(entry)


def without(name: str) -> str:
    """The JSON of a checkpoint without one member."""
    return json.dumps({key: value for key, value in JSON.items() if key != name})


TEXT = CHECKPOINT.to_json()
ENDED = '"delivered": {"id": "I1", "after": null}'
HOSTILE: dict[str, str | bytes] = {
    "nothing": "",
    "no JSON": "checkpoint",
    "cut off": CHECKPOINT.to_json()[:-10],
    "no UTF-8": b"\xff\xfe\xfa",
    "null": "null",
    "a number": "1",
    "a list": "[]",
    "an empty object": "{}",
    "very deep": "[" * 100_000,
    "a long number": "1" * 10_000,
    "another format": changed("format", value=2),
    **{
        f"no {name}": without(name)
        for name in JSON
        if name not in {"format", "in_flight", "grafana_url"}
    },
    "a number as server": changed("server", value=1),
    "a text as filter": changed("query", value="label"),
    "numbers in the filter": changed("query", value=[[1, 2]]),
    "no time": changed("polled", value="yesterday"),
    "a time without a zone": changed("polled", value="2026-03-02T09:30:00"),
    "null as time": changed("polled", value=None),
    "an object as groups": changed("groups", value={"a": 1}),
    "a group that is too short": changed("groups", 0, value={"id": "I1", "state": "firing"}),
    "a list as id": changed("groups", 0, "id", value=["I1"]),
    "a beginning without a zone": changed("groups", 0, "created_at", value="2026-03-02T09:30:00"),
    "a number as state": changed("groups", 0, "state", value=1),
    "a text as count": changed("groups", 0, "alerts_count", value="3"),
    "labels that are no pairs": changed("groups", 0, "labels", value=[["team"]]),
    "numbers as labels": changed("groups", 0, "labels", value=[[1, 2]]),
    "a number as title": changed("groups", 0, "title", value=1),
    "a text as what is in flight": changed("in_flight", value="I1"),
    "a number in flight": changed("in_flight", 0, "after", value=1),
    "in flight without an id": changed("in_flight", 0, value={"after": None}),
    "a line that is no JSON": f"{TEXT}\n}}\n",
    "a line that says nothing": f"{TEXT}\n{{}}\n",
    "a line that says something else": f'{TEXT}\n{{"polle": "2026-03-02T09:30:15Z"}}\n',
    "a line that says two things": f'{TEXT}\n{{"polled": "2026-03-02T09:30:15Z", {ENDED}}}\n',
    "a line without a group": f'{TEXT}\n{{"in_flight": {{"after": null}}}}\n',
    "a line that is no UTF-8": sealed(TEXT.encode())
    + sealed(b'{"delivered": {"id": "\xff", "after": null}}'),
    "a line with a time without a zone": f'{TEXT}\n{{"polled": "2026-03-02T09:30:15"}}\n',
    "an empty line": f"{TEXT}\n\n{{{ENDED}}}\n",
    "two values": f"{TEXT}\n{TEXT}\n",
    "a line without a checksum": sealed(TEXT.encode()) + f"{{{ENDED}}}\n".encode(),
}
for name, text in HOSTILE.items():
    if isinstance(text, str):
        HOSTILE[name] = with_checksums(text)


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(text, id=name) for name, text in HOSTILE.items()),
        pytest.param(None, id="nothing, as of a store that has none"),
        pytest.param({"format": 1}, id="what JSON was parsed to"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: Any) -> None:
    """By one error, with a short message."""
    with pytest.raises(CheckpointError, match="not a watcher's checkpoint") as caught:
        Checkpoint.from_json(text)
    assert caught.value.path is None
    assert len(str(caught.value)) < 200


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
places = st.sampled_from(
    [
        *((name,) for name in JSON),
        *(("query", 0), ("query", 0, 1), ("groups", 0), ("groups", 0, "labels", 0)),
        *(("groups", 0, name) for name in JSON["groups"][0]),
        *(("in_flight", 0, name) for name in JSON["in_flight"][0]),
    ]
)


def is_sound(checkpoint: Checkpoint) -> bool:
    """Whether everything in it is of the type that a watcher expects."""
    times: list[datetime] = [checkpoint.polled]
    texts: list[Any] = [checkpoint.server, *chain(*checkpoint.query)]
    counts: list[Any] = []
    texts += [entry.id for entry in checkpoint.in_flight]
    begun = (entry.after for entry in checkpoint.in_flight)
    for one in (*checkpoint.groups, *filter(None, begun)):
        times.append(one.created_at)
        texts += [one.id, one.title or "", *chain(*one.labels)]
        counts.append(one.alerts_count)
    return (
        all(time.utcoffset() is not None for time in times)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(count, int) for count in counts)
    )


@given(place=places, value=values)
@example(place=("polled",), value="2026-03-02")
@example(place=("groups", 0, "created_at"), value="2026-03-02")
def test_a_checkpoint_is_refused_or_valid(place: tuple[str | int, ...], value: Any) -> None:
    """Whatever value is in any place."""
    try:
        checkpoint = Checkpoint.from_json(changed(*place, value=value))
    except CheckpointError:
        return
    assert is_sound(checkpoint)
    assert Checkpoint.from_json(checkpoint.to_json()) == checkpoint


@given(value=values)
def test_any_other_json_is_refused(value: Any) -> None:
    """By a CheckpointError and no other error."""
    with pytest.raises(CheckpointError):
        Checkpoint.from_json(json.dumps(value))


# Files


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    """Any number of times, and no other file is left."""
    path = tmp_path / "bot.json"
    for one in (CHECKPOINT, OTHER, CHECKPOINT):
        one.save(path)
        assert Checkpoint.load(path) == one
    assert [*tmp_path.iterdir()] == [path]


def test_without_a_file_there_is_no_checkpoint(tmp_path: Path) -> None:
    """This is how the first watcher begins."""
    assert Checkpoint.load(tmp_path / "bot.json") is None


# Crashes and full disks


KILLED = """
import os, sys
from pathlib import Path
from grafana_oncall._core.files import sealed
from grafana_oncall._watch.checkpoint import Checkpoint

sys.addaudithook(lambda event, args: os._exit(9) if event == sys.argv[2] else None)
Checkpoint.from_json(sys.argv[3]).save(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    "event", [pytest.param("open", id="writing"), pytest.param("os.rename", id="renaming")]
)
def test_a_process_that_dies_while_saving_leaves_the_old_value(tmp_path: Path, event: str) -> None:
    """Just before it writes, or just before the complete file is renamed."""
    path = tmp_path / "bot.json"
    CHECKPOINT.save(path)
    command = [sys.executable, "-c", KILLED, str(path), event, OTHER.to_json()]
    assert subprocess.run(command, check=False).returncode == 9
    assert Checkpoint.load(path) == CHECKPOINT
    OTHER.save(path)
    assert Checkpoint.load(path) == OTHER
    assert [*tmp_path.iterdir()] == [path]


def test_a_full_disk_leaves_the_old_value(tmp_path: Path) -> None:
    """It is reported with the path."""
    path = tmp_path / "bot.json"
    CHECKPOINT.save(path)
    with full_disk(), pytest.raises(CheckpointError) as caught:
        OTHER.save(path)
    assert caught.value.path == str(path)
    assert Checkpoint.load(path) == CHECKPOINT


def directory(path: Path) -> Path:
    """Make a directory where the file should be."""
    path.mkdir()
    return path


def below_file(path: Path) -> Path:
    """Make a file where its directory should be."""
    path.touch()
    return path / "bot.json"


def taken(path: Path) -> Path:
    """Make a directory where the new value would be written."""
    path.with_name(f"{path.name}.new").mkdir()
    return path


def nowhere(path: Path) -> Path:
    """Return a path in a missing directory."""
    return path.parent / "missing" / path.name


@pytest.mark.parametrize("spoilt", [directory, below_file, taken, nowhere])
def test_what_cannot_be_written_is_reported_with_its_path(
    tmp_path: Path, spoilt: Callable[[Path], Path]
) -> None:
    """By a CheckpointError, with its cause."""
    path = spoilt(tmp_path / "bot.json")
    with pytest.raises(CheckpointError, match=r"bot\.json.*cannot be used") as caught:
        CHECKPOINT.save(path)
    assert caught.value.path == str(path)
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("spoilt", [directory, below_file])
def test_what_cannot_be_read_is_reported_with_its_path(
    tmp_path: Path, spoilt: Callable[[Path], Path]
) -> None:
    """It does not count as a missing file, after which a watcher would start anew."""
    path = spoilt(tmp_path / "bot.json")
    with pytest.raises(CheckpointError) as caught:
        Checkpoint.load(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_a_file_with_something_else_is_reported_with_its_path(
    tmp_path: Path, text: str | bytes
) -> None:
    """So is an empty one: no watcher silently starts anew."""
    path = tmp_path / "bot.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CheckpointError, match=r"bot\.json") as caught:
        Checkpoint.load(path)
    assert caught.value.path == str(path)


@each_path
def test_what_cannot_be_a_file_is_a_checkpoint_error_at_once(
    tmp_path: Path, odd: Callable[[Path], Path]
) -> None:
    """Nothing waits for the other end of a pipe, or replaces it."""
    for use in (Checkpoint.load, CHECKPOINT.save, watched):
        path = odd(tmp_path)
        with pytest.raises(CheckpointError, match="cannot be used") as caught:
            use(path)
        assert caught.value.path == str(path)
        (tmp_path / "pipe").unlink(missing_ok=True)  # for the next one


def test_a_device_is_not_read() -> None:
    """It may be endless."""
    with pytest.raises(CheckpointError, match="Not a regular file"):
        Checkpoint.load(ENDLESS)


def test_little_is_read_of_a_big_file_that_is_not_a_checkpoint(tmp_path: Path) -> None:
    """A gigabyte, without a line feed."""
    (path := tmp_path / "big").write_bytes(b'{"time": ')
    os.truncate(path, 2**30)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match="delete it to start anew"):
            Checkpoint.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


# Where it belongs


def watched(path: Path | None, url: str = URL, **filters: Any) -> Watcher:
    """A watcher that is to continue from the file, or else from the value."""
    client = OnCallClient(url=url, token="meow")
    return client.alert_groups.watch(**filters, checkpoint=CHECKPOINT if path is None else path)


async def opened(watcher: Watcher) -> Checkpoint:
    """What it continues from, as soon as it is read."""
    recorder = follower_of(watcher).recorder
    await recorder.open()
    try:
        return recorder.checkpoint
    finally:
        await recorder.close()


@pytest.fixture(params=[pytest.param(False, id="value"), pytest.param(True, id="file")])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """A checkpoint of `team:SRE`, as a value and in a file."""
    path = tmp_path / "bot.json" if request.param else None
    if path is not None:
        CHECKPOINT.save(path)
    return path


async def test_a_checkpoint_of_the_same_server_and_filter_is_accepted(place: Path | None) -> None:
    """However they are spelled."""
    for watcher in (
        watched(place, labels={"team": "SRE"}),
        watched(place, labels=["team:SRE"]),
        watched(place, url=SERVER, labels={"team": "SRE"}),
    ):
        assert await opened(watcher) == CHECKPOINT


async def test_a_checkpoint_of_another_stack_of_the_same_server_is_refused(tmp_path: Path) -> None:
    """Many stacks share a URL; a client that does not know its stack may continue."""
    path = tmp_path / "bot.json"
    attrs.evolve(CHECKPOINT, grafana_url="https://a.example").save(path)
    for url in ("https://a.example", "https://a.example/", None):
        client = OnCallClient(url=URL, token="meow", grafana_url=url)
        await opened(client.alert_groups.watch(labels=["team:SRE"], checkpoint=path))
    client = OnCallClient(url=URL, token="meow", grafana_url="https://b.example")
    with pytest.raises(CheckpointError, match=r"a\.example.*b\.example.*Use another file"):
        await opened(client.alert_groups.watch(labels=["team:SRE"], checkpoint=path))
    CHECKPOINT.save(path)
    watcher = client.alert_groups.watch(labels=["team:SRE"], checkpoint=path)
    assert await opened(watcher) == CHECKPOINT


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"url": "https://other.example", "labels": ["team:SRE"]}, id="server"),
        pytest.param({"labels": ["team:Platform"]}, id="label"),
        pytest.param({}, id="no filter"),
        pytest.param({"labels": ["team:SRE"], "team_id": "T1"}, id="narrower filter"),
    ],
)
async def test_a_checkpoint_of_something_else_is_refused(
    place: Path | None, other: dict[str, Any]
) -> None:
    """It would report unrequested groups, or miss some."""
    with pytest.raises(CheckpointError, match="Use another file") as caught:
        await opened(watched(place, **other))
    assert caught.value.path == (None if place is None else str(place))
