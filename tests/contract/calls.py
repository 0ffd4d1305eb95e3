"""Calls of the facade, one for each operation, with all arguments that they take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, TypeAlias

import attrs
from hypothesis import strategies as st

from codegen.read.bodies import Member, read_members
from codegen.read.paths import Operation, read_operations
from codegen.read.spec import Spec
from codegen.render.arguments import argument
from grafana_oncall import FOREVER, NO_TEAM, OnCallClient, Pager, models
from grafana_oncall._codec.inputs import Rules
from grafana_oncall._validation import rules
from tests.contract.specification import ROOT, Json
from tests.contract.values import text, values

Arguments: TypeAlias = Mapping[str, Any]

_SPEC: Final = Spec(root=ROOT)
GENERATED: Final = tuple(read_operations(_SPEC))
"""All operations, as the code generator reads them."""


@attrs.frozen
class Call:
    """How an operation is called."""

    send: Callable[..., Awaitable[object]]
    needed: Mapping[str, st.SearchStrategy[Any]] = attrs.field(factory=dict[str, Any])
    options: Mapping[str, st.SearchStrategy[Any]] = attrs.field(factory=dict[str, Any])
    fits: Callable[[Arguments], bool] = lambda _: True
    """Whether arguments that are valid one by one are so together."""

    def arguments(self) -> st.SearchStrategy[dict[str, Any]]:
        """Valid ones."""
        drawn = st.fixed_dictionaries(dict(self.needed), optional=dict(self.options))
        return drawn.filter(self.fits)

    def doubtful(self) -> st.SearchStrategy[dict[str, Any]]:
        """Valid ones, except for one that is arbitrary."""
        if not (self.needed or self.options):
            return self.arguments()
        names = st.sampled_from([*self.needed, *self.options])
        wrong = names.flatmap(lambda name: st.fixed_dictionaries({name: anything}))
        return st.builds(lambda good, bad: {**good, **bad}, self.arguments(), wrong)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_odd = st.sampled_from(["", " ", "a b", "a/b", "..", "%2F", "a:b:c", "team:", "é", "\n", "null"])
anything: st.SearchStrategy[Any] = st.one_of(_odd, text, _json)

ids = st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True)
_matched = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters=":"), min_size=1
)
_keys = st.from_regex(r"[A-Za-z]([A-Za-z0-9_]{0,61}[A-Za-z])?", fullmatch=True)
_values = st.from_regex(r"[A-Za-z_.-]([A-Za-z0-9_.-]{0,61}[A-Za-z_.-])?", fullmatch=True)
_templates = st.sampled_from(["{{ payload.title }}", "{% if a %}b{% endif %}", "plain: text", ""])
_json_objects = st.dictionaries(text, text, max_size=2) | st.sampled_from(
    ["{}", '{"X-Team": "{{ integration.team }}"}', "{{ headers }}"]
)


def _spellings(labels: dict[str, str]) -> st.SearchStrategy[Any]:
    """The ways to write labels."""
    return st.sampled_from(
        [
            labels,
            [*labels.items()],
            [{"key": {"name": key}, "value": {"name": value}} for key, value in labels.items()],
        ]
    )


def _labels(
    keys: st.SearchStrategy[str], values: st.SearchStrategy[str], least: int, most: int = 5
) -> st.SearchStrategy[Any]:
    drawn = st.dictionaries(keys, values, min_size=least, max_size=most)
    return drawn.flatmap(_spellings)


_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_times = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=_zones)  # noqa: DTZ001  # zones are added
_ranges = st.tuples(_times, _times).map(lambda pair: tuple(sorted(pair)))
_states = st.sampled_from(["firing", "new", *models.AlertGroupState])
_sizes = st.integers(min_value=1)
_delays = (
    st.just(FOREVER)
    | st.integers(1, 2**31 - 1)
    | st.timedeltas(timedelta(microseconds=1), timedelta(days=20_000))
)


def _model(name: str, texts: st.SearchStrategy[str] = text) -> st.SearchStrategy[Any]:
    """JSON for a class of the specification."""
    members = [*read_members(_SPEC, name)]
    return st.fixed_dictionaries(
        {one.name: _value(one, texts) for one in members if one.required},
        optional={one.name: _value(one, texts) for one in members if not one.required},
    )


def _value(member: Member, texts: st.SearchStrategy[str] = text) -> st.SearchStrategy[Any]:
    """Valid values for a member of a body, by how the facade takes it."""
    found: st.SearchStrategy[Any]
    match member.argument:
        case "labels":
            found = _labels(_keys, _values, least=0, most=50)
        case "dynamic_labels":
            found = _labels(_keys, st.sampled_from(["{{ payload.a }}", "a:b", "x"]), least=0)
        case "delay":
            found = _delays
        case "templates":
            found = _model(member.classes[0], _templates)
        case "template":
            found = _templates.filter(bool)
        case "json_template":
            found = _json_objects
        case "nested":
            found = _model(member.classes[0], texts)
        case "filled" if member.hint == "str":
            found = texts.filter(bool)
        case _ if member.hint == "str":
            found = texts
        case _:
            found = values(_node(member))
    return st.none() | found if member.nullable else found


def _node(member: Member) -> Json:
    """The schema of a member."""
    found: Json = ROOT
    for key in member.pointer.removeprefix("#/").split("/"):
        found = found[key]
    return found


_GROUP: Final = {"alert_group_id": ids}
_LABEL: Final = {"key": _keys, "value": _values}
_paged = ids | st.fixed_dictionaries({"id": ids}, optional={"important": st.booleans()})


def _groups(name: str) -> Callable[..., Awaitable[object]]:
    return lambda client, **given: getattr(client.alert_groups, name)(**given)


def _page(client: OnCallClient, **given: Any) -> Awaitable[object]:
    """Page a team unless it is users, and for a new group unless it is for one that there is."""
    if given["users"]:
        del given["team"]
    if given.get("alert_group_id") is not None:
        given = {name: given[name] for name in given if name not in {"title", "message"}}
        given.pop("source_url", None)
    return client.direct_paging.page(**given)


_FILTERS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "id": ids,
    "team": ids | st.just(NO_TEAM),
    "text": text.filter(bool),
    "whole": _sizes,
    "labels": _labels(_matched, _matched, least=1),
    "time_range": _ranges,
    "state": _states,
    "flag": st.booleans(),
    "moment": _times,
    "day": _times | st.dates(date(1000, 1, 1)),
    "roles": st.lists(st.sampled_from(["admin", "editor", "viewer", "none"]), min_size=1),
}
"""Valid values for the arguments of lists, by how the facade takes them."""


def _of_the_specification(operation: Operation) -> Call:
    """Return the call of an operation whose method is generated."""

    def send(client: OnCallClient, **given: Any) -> Awaitable[object]:
        sent: Any = getattr(getattr(client, operation.tag), operation.facade)(**given)
        made: Awaitable[object] = sent.count() if isinstance(sent, Pager) else sent
        return made

    in_query = [
        one
        for one in operation.parameters
        if not one.rule and one.const is None and one.name != "page"
    ]
    needed = {one.name: ids for one in operation.parameters if one.rule}
    needed |= {argument(one).name: _FILTERS[one.argument] for one in in_query if one.required}
    needed |= {one.name: _value(one) for one in operation.members if one.required}
    if operation.variants:
        body = operation.body or ""
        needed |= {operation.body_name: values({"$ref": f"#/components/schemas/{body}"})}
    options = {argument(one).name: _FILTERS[one.argument] for one in in_query if not one.required}
    options |= {one.name: _value(one) for one in operation.members if not one.required}
    return Call(send, needed, options, _fits(operation))


def _fits(operation: Operation) -> Callable[[Arguments], bool]:
    """Return whether no rule for several members of the body is broken."""
    rule: Rules = getattr(rules, operation.rules or "", lambda _: ())
    if operation.variants:
        return lambda given: not [*rule(given[operation.body_name])]
    return lambda given: not [*rule(given)]


_DAYS: Final = st.dates(date(2020, 1, 1), date(2020, 6, 30))
_LATER: Final = st.dates(date(2020, 7, 1), date(2020, 12, 30))

CALLS: Final[Mapping[str, Call]] = {
    **{one.id: _of_the_specification(one) for one in GENERATED if not one.by_hand},
    "list_final_shifts": Call(
        lambda client, **given: client.schedules.final_shifts(**given),
        {"schedule_id": ids, "start_date": _DAYS, "end_date": _LATER},
    ),
    "delete_alert_group": Call(
        _groups("delete"), _GROUP, {"mode": st.sampled_from(["wipe", *models.DeleteMode])}
    ),
    "add_alert_group_label": Call(_groups("add_label"), {**_GROUP, **_LABEL}),
    "page_people": Call(
        _page,
        {"team": ids, "users": st.lists(_paged, max_size=2)},
        {
            "important": st.booleans(),
            "title": text.filter(bool),
            "message": text,
            "source_url": st.sampled_from(["https://a.example/b?c", "http://localhost"]),
            "alert_group_id": ids,
            "metadata": st.dictionaries(text, text, max_size=2),
        },
    ),
    "remove_alert_group_label": Call(
        _groups("remove_label"), {**_GROUP, "key": _matched, "value": _matched}
    ),
}
"""By operation."""
