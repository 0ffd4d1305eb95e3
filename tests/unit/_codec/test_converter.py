"""The converter of models: renamed members by way of cattrs, read and written."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import UNSET, Page, Request, Response, UnsetType, operations
from grafana_oncall._codec.converter import dumps, loads
from grafana_oncall._codec.decode import decode
from grafana_oncall._codec.inputs import to_input
from grafana_oncall._core.types import AwareDatetime
from grafana_oncall.errors import DecodeError
from grafana_oncall.models import AlertGroupDelete, AlertGroupState, DeleteMode


@attrs.frozen(kw_only=True)
class Shift:
    """Two of its members have other names in JSON."""

    from_: str = attrs.field(metadata={"wire": "from"})
    until: AwareDatetime | None = attrs.field(default=None, metadata={"wire": "to"})
    count: int | None = None
    weight: float | None = None
    all_day: bool | UnsetType = UNSET
    note: str | None | UnsetType = UNSET  # noqa: RUF036  # as the generated models have it
    state: AlertGroupState | None = None
    days: Sequence[str] = attrs.field(factory=list[str])


@attrs.frozen(kw_only=True)
class Memo:
    """Its union has another order than those of the generated models."""

    from_: str = attrs.field(metadata={"wire": "from"})
    note: str | UnsetType | None = UNSET


@attrs.frozen(kw_only=True)
class Rota:
    """Native itself, with members that are not."""

    first: Shift
    others: Sequence[Shift] = attrs.field(factory=list[Shift])


@attrs.frozen(kw_only=True)
class Plan:
    """Like Rota, with a member that may be absent."""

    rota: Rota
    name: str | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class Table:
    """A mapping, and a list that may be absent or null."""

    named: Mapping[str, Shift]
    spare: Sequence[Shift] | None | UnsetType = UNSET  # noqa: RUF036  # as the generated models


OPERATION = attrs.evolve(operations.OPERATIONS[0], id="get_shift", path="shifts/")


def decoded(returns: Any, content: bytes) -> Any:
    """What decode returns for a successful response."""
    request: Request[Any] = Request(operation=OPERATION, path="shifts/", returns=returns)
    return decode(request, Response(status=200, headers={}, content=content))


def test_a_renamed_member_is_read_by_its_name_in_json() -> None:
    """With every other kind of member beside it, and unknown ones."""
    content = (
        b'{"from":"a","to":"2026-11-22T01:21:13Z","count":1,"weight":2,"all_day":true,'
        b'"note":null,"state":"silenced","days":["mo","tu"],"unknown":{"x":[1]}}'
    )
    assert decoded(Shift, content) == Shift(
        from_="a",
        until=datetime(2026, 11, 22, 1, 21, 13, tzinfo=UTC),
        count=1,
        weight=2.0,
        all_day=True,
        note=None,
        state=AlertGroupState.SILENCED,
        days=["mo", "tu"],
    )


def test_null_is_absent_where_a_member_may_be_absent_and_not_null() -> None:
    """Under its name in JSON, alone and within lists and objects."""
    content = b'{"from":"a","to":null,"all_day":null,"days":["mo",null]}'
    assert decoded(Shift, content) == Shift(from_="a", days=["mo"])
    assert decoded(Shift, b'{"from":"a","days":null}') == Shift(from_="a", days=[])
    rota = decoded(Rota, b'{"first":{"from":"a","days":null},"others":[%s]}' % content)
    assert rota.others == [Shift(from_="a", days=["mo"])]


@pytest.mark.parametrize("wire", ["new", "firing", "odd"])
def test_an_enum_beside_a_renamed_member_is_an_enum(wire: str) -> None:
    """With both spellings of firing, and open."""
    value = decoded(Shift, b'{"from":"a","state":"%s"}' % wire.encode())
    assert value.state == AlertGroupState(wire)
    assert isinstance(value.state, AlertGroupState)


def test_an_enum_of_an_input_is_an_enum() -> None:
    """As the type says."""
    made = to_input({"mode": "wipe"}, AlertGroupDelete, argument="x")
    assert made.mode is DeleteMode.WIPE


def test_the_order_of_a_union_does_not_matter() -> None:
    """Absent, null, or a string."""
    for note in ("x", None):
        content = dumps(Memo(from_="a", note=note))
        assert loads(content, Memo) == Memo(from_="a", note=note)


def test_absent_members_take_their_defaults() -> None:
    """As in native classes."""
    assert loads(b'{"from":"a"}', Shift) == Shift(from_="a")
    assert loads(b'{"first":{"from":"a"}}', Rota) == Rota(first=Shift(from_="a"))


def test_a_renamed_member_is_read_within_a_native_class_and_a_page() -> None:
    """However deep."""
    rota = decoded(Rota, b'{"first":{"from":"a"},"others":[{"from":"b"},{"from":"c"}]}')
    assert (rota.first, list(rota.others)) == (Shift(from_="a"), [Shift(from_=x) for x in "bc"])
    page = decoded(Page[Shift], b'{"count":1,"results":[{"from":"a"}],"next":null}')
    assert (page.count, list(page.results)) == (1, [Shift(from_="a")])


@pytest.mark.parametrize(
    ("returns", "content", "path"),
    [
        pytest.param(Shift, b'{"from":null}', "$.from", id="null is not 'None'"),
        pytest.param(Shift, b'{"from":1}', "$.from", id="1 is not '1'"),
        pytest.param(Shift, b"{}", "$.from", id="missing"),
        pytest.param(Shift, b'{"from_":"a"}', "$.from", id="python's name"),
        pytest.param(Shift, b'{"from":"a","count":"1"}', "$.count", id="'1' is not 1"),
        pytest.param(Shift, b'{"from":"a","count":1.5}', "$.count", id="1.5 is not 1"),
        pytest.param(Shift, b'{"from":"a","count":true}', "$.count", id="true is not 1"),
        pytest.param(Shift, b'{"from":"a","weight":"1"}', "$.weight", id="'1' is not 1.0"),
        pytest.param(Shift, b'{"from":"a","all_day":1}', "$.all_day", id="1 is not true"),
        pytest.param(Shift, b'{"from":"a","note":1}', "$.note", id="1 is not null"),
        pytest.param(Shift, b'{"from":"a","state":1}', "$.state", id="1 is no state"),
        pytest.param(
            Shift,
            b'{"from":"a","to":"2026-11-22T01:21:13"}',
            "$.to",
            id="naive time",
        ),
        pytest.param(Shift, b'{"from":"a","days":["x",1]}', "$.days[1]", id="in a list"),
        pytest.param(
            Shift,
            b'{"from":"a","days":"mo"}',
            "$.days",
            id="a string is no list",
        ),
        pytest.param(
            Shift,
            b'{"from":"a","days":{"mo":1}}',
            "$.days",
            id="an object is no list",
        ),
        pytest.param(Rota, b'{"first":null}', "$.first", id="null is no object"),
        pytest.param(
            Rota,
            b'{"first":{"from":"a"},"others":[{"from":"b","count":"x"}]}',
            "$.others[0].count",
            id="in a list of objects",
        ),
        pytest.param(
            Page[Shift],
            b'{"count":1,"results":[{"from":"a"},{"from":"b","count":"x"}]}',
            "$.results[1].count",
            id="on a page",
        ),
        pytest.param(Table, b'{"named":[]}', "$.named", id="a list is no mapping"),
        pytest.param(Table, b'{"named":null}', "$.named", id="null is no mapping"),
        pytest.param(
            Table, b'{"named":{"x":{"from":1}}}', "$.named['x'].from", id="within a mapping"
        ),
        pytest.param(
            Table, b'{"named":{},"spare":"x"}', "$.spare", id="a string is no optional list"
        ),
        pytest.param(
            Table, b'{"named":{},"spare":[{"from":"a"},{}]}', "$.spare[1].from", id="deep"
        ),
        pytest.param(Page[Shift], b'{"count":"1","results":[]}', "$.count", id="in the envelope"),
        *(
            pytest.param(
                Shift,
                content,
                "$",
                id=f"{content.decode()} is no object",
            )
            for content in (b"null", b"5", b"true", b"[]", b'"from"')
        ),
    ],
)
def test_a_wrong_type_is_refused_by_way_of_cattrs_too(
    returns: Any, content: bytes, path: str
) -> None:
    """Its stock converters would call str() and int()."""
    with pytest.raises(DecodeError, match=r"^get_shift: 200, but ") as info:
        decoded(returns, content)
    assert info.value.path == path
    assert "unknown error" not in str(info.value)


@pytest.mark.parametrize("content", [b'{"from":null}', b'{"from":1}', b"{}", b'{"from_":"a"}'])
def test_a_renamed_member_is_as_strict(content: bytes) -> None:
    """At any path."""
    with pytest.raises(DecodeError):
        decoded(Shift, content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"meow",
        b'{"from":',
        b"\xff",
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"9" * 5000, id="long"),
        b'{"from":"\\ud800"}',
    ],
)
def test_nonsense_is_refused_by_way_of_cattrs_too(content: bytes) -> None:
    """As for native classes."""
    with pytest.raises(DecodeError):
        decoded(Shift, content)


def test_several_faults_are_one_error() -> None:
    """The first one is reported."""
    with pytest.raises(DecodeError) as info:
        decoded(Shift, b'{"from":"a","count":"x","weight":"y"}')
    assert info.value.path == "$.count"


def written(**members: Any) -> dict[str, Any]:
    """A shift in JSON, including defaults."""
    rest: dict[str, Any] = {"to": None, "count": None, "weight": None, "state": None, "days": []}
    return {"from": "a"} | rest | members


@pytest.mark.parametrize(
    ("value", "content"),
    [
        pytest.param(Shift(from_="a"), written(), id="only what is due"),
        pytest.param(
            Shift(from_="a", all_day=False, note=None),
            written(all_day=False, note=None),
            id="false and null are not absent",
        ),
        pytest.param(
            Shift(from_="a", until=datetime(2026, 11, 22, 1, 21, 13, tzinfo=UTC)),
            written(to="2026-11-22T01:21:13Z"),
            id="a time",
        ),
        pytest.param(
            Shift(from_="a", state=AlertGroupState("odd"), days=["mo"]),
            written(state="odd", days=["mo"]),
            id="an enum and a list",
        ),
        pytest.param(
            Rota(first=Shift(from_="a"), others=[Shift(from_="a", note="x")]),
            {"first": written(), "others": [written(note="x")]},
            id="in a native class",
        ),
        pytest.param(
            Plan(rota=Rota(first=Shift(from_="a")), name="x"),
            {"rota": {"first": written(), "others": []}, "name": "x"},
            id="in two",
        ),
        pytest.param(
            Plan(rota=Rota(first=Shift(from_="a"))),
            {"rota": {"first": written(), "others": []}},
            id="in two, with an absent member",
        ),
        pytest.param(
            Table(named={"x": Shift(from_="a")}, spare=[Shift(from_="a")]),
            {"named": {"x": written()}, "spare": [written()]},
            id="in a mapping and in a list that may be absent",
        ),
        pytest.param(Table(named={}, spare=None), {"named": {}, "spare": None}, id="null"),
        pytest.param(Table(named={}), {"named": {}}, id="absent"),
    ],
)
def test_a_renamed_member_is_written_by_its_name_in_json(value: object, content: object) -> None:
    """As in native classes, only members that are UNSET are left out."""
    assert json.loads(dumps(value)) == content
    assert loads(dumps(value), type(value)) == value


@given(
    st.builds(
        Shift,
        from_=st.text(st.characters(exclude_categories=["Cs"])),
        until=st.none() | st.datetimes(timezones=st.just(UTC)),
        count=st.none() | st.integers(-(2**63), 2**64 - 1),
        weight=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        all_day=st.just(UNSET) | st.booleans(),
        note=st.just(UNSET) | st.none() | st.text(st.characters(exclude_categories=["Cs"])),
        state=st.none() | st.sampled_from([*AlertGroupState, AlertGroupState("odd")]),
        days=st.lists(st.sampled_from(["mo", "tu"])),
    )
)
def test_what_is_written_reads_as_it_was(shift: Shift) -> None:
    """Alone and in a native class."""
    assert loads(dumps(shift), Shift) == shift
    rota = Rota(first=shift, others=[shift, shift])
    assert loads(dumps(rota), Rota) == rota
