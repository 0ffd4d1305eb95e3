"""Labels: accepted in several shapes, validated before anything is sent.

Labels may be a mapping `{"team": "SRE"}`, one string `"team:SRE"`, one label of the API, or an
iterable of strings, pairs `("team", "SRE")` and labels of the API. A label of the API is a model
(as in a group's `.labels`) or its JSON `{"key": {"name": "team"}, "value": {"name": "SRE"}}`, of
which only the names count.

Nothing is repaired. All problems are reported together, in one `LabelError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import short_traceback
from grafana_oncall._generated.constraints import LABEL_FILTER, LABEL_KEY, LABEL_VALUE, LABELS_MAX
from grafana_oncall._validation.jinja import template_problem
from grafana_oncall._validation.label_shapes import Entry, LabelsLike, Pair, entries_of

from ._generated.models import labels as api
from .errors import LabelError, Problem

__all__ = [
    "LabelsLike",
    "matches",
    "parse",
    "to_attached",
    "to_dict",
    "to_dynamic_inputs",
    "to_input",
    "to_inputs",
    "to_query",
    "validate",
    "validate_dynamic",
]


def __dir__() -> list[str]:
    return sorted(__all__)


_Rules: TypeAlias = Callable[[str, str, str | None], Iterable[Problem | str]]

_UNSENDABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def parse(labels: LabelsLike) -> tuple[tuple[str, str], ...]:
    """Return pairs of key and value, in the given order; only their shape is checked.

        >>> parse("team:SRE")
        (('team', 'SRE'),)

    Raises:
        LabelError: Something is not a label, such as one with a number as its value.
    """
    return _validated(entries_of(labels), _any)


def to_dict(labels: LabelsLike) -> dict[str, str]:
    """Return labels as a mapping, also those of a group, an integration or an event.

        >>> to_dict(["team:SRE", "env:prod"])
        {'team': 'SRE', 'env': 'prod'}

    Raises:
        LabelError: Something is not a label.
    """
    return dict(_validated(entries_of(labels), _any))


def validate(labels: LabelsLike) -> tuple[tuple[str, str], ...]:
    """Return the pairs of labels that may be written under the API's rules.

    At most 50, each key once. Keys and values have 1 to 63 characters: letters, digits and "_", in
    values also "-" and ".". A key begins and ends with a letter; a value with anything but a digit.

        >>> validate({"team": "SRE", "env": "prod"})
        (('team', 'SRE'), ('env', 'prod'))

    Raises:
        LabelError: With every broken rule of every label.
    """
    return _validated(entries_of(labels), _writable, most=LABELS_MAX)


def validate_dynamic(labels: LabelsLike) -> tuple[tuple[str, str], ...]:
    """Return the pairs of dynamic labels, whose values are valid Jinja2 templates.

    A string is split at its first colon, because templates may contain colons.

        >>> validate_dynamic("severity:{{ payload.severity[:4] }}")
        (('severity', '{{ payload.severity[:4] }}'),)

    Raises:
        LabelError: With every broken rule; for a template, with its line.
    """
    entries = entries_of(labels, dynamic=True)
    return _validated(entries, _dynamic, most=LABELS_MAX, argument="dynamic_labels")


def to_query(labels: LabelsLike) -> tuple[str, ...]:
    """Return the entries `key:value` of a list filter, without duplicates.

    Any label that the server can match is accepted, because existing labels may predate the rules.

        >>> to_query([("team", "SRE"), ("2nd", "on call")])
        ('team:SRE', '2nd:on call')

    Raises:
        LabelError: The server would ignore an entry, or no group can match all of them, or there
            are none, which would select everything.
    """
    pairs = _validated(entries_of(labels), _matchable, least=1)
    return tuple(dict.fromkeys(f"{key}:{value}" for key, value in pairs))


def matches(labels: LabelsLike, wanted: LabelsLike) -> bool:
    """Whether all the wanted labels are among these; case-sensitive, as on the server.

        >>> matches([("team", "SRE"), ("env", "prod")], wanted="env:prod")
        True

    Raises:
        LabelError: `wanted` is empty, or something in either argument is not a label.
    """
    needed = _validated(entries_of(wanted), _any, least=1)
    return set(needed) <= set(_validated(entries_of(labels), _any))


def to_inputs(labels: LabelsLike) -> tuple[api.LabelInput, ...]:
    """Return the request models of labels, validated as by `validate`.

    >>> [model.key.name for model in to_inputs({"team": "SRE"})]
    ['team']
    """
    return tuple(
        api.LabelInput(key=api.LabelKeyInput(name=key), value=api.LabelValueInput(name=value))
        for key, value in validate(labels)
    )


def to_dynamic_inputs(labels: LabelsLike) -> tuple[api.DynamicLabelInput, ...]:
    """Return the request models of dynamic labels, validated as by `validate_dynamic`.

    >>> [model.value.name for model in to_dynamic_inputs({"team": "{{ payload.team }}"})]
    ['{{ payload.team }}']
    """
    return tuple(
        api.DynamicLabelInput(
            key=api.LabelKeyInput(name=key), value=api.DynamicValueInput(name=value)
        )
        for key, value in validate_dynamic(labels)
    )


def to_input(key: str, value: str) -> api.LabelInput:
    """Return the request model of one label to attach, validated as by `validate`.

    >>> to_input("team", "SRE").value.name
    'SRE'
    """
    (label,) = to_inputs([(key, value)])
    return label


def to_attached(key: str, value: str) -> api.AttachedLabelInput:
    """Return the request model of one existing label, which may predate the rules.

        >>> to_attached("2nd", "on call: us").key.name
        '2nd'

    Raises:
        LabelError: No label can be like this: it is empty or has control characters.
    """
    ((key, value),) = _validated(entries_of([(key, value)]), _attached)
    return api.AttachedLabelInput(
        key=api.AttachedNameInput(name=key), value=api.AttachedNameInput(name=value)
    )


def _pairs_of(
    entries: Sequence[Entry],
    rules: _Rules,
    *,
    least: int = 0,
    most: int | None = None,
    argument: str = "labels",
) -> tuple[Pair, ...]:
    """Return the pairs if none breaks a rule, and raise LabelError otherwise."""
    problems = list(_problems(entries, rules))
    if len(entries) < least:
        rule = "No labels would select everything; if that is meant, leave them out."
        problems.append(Problem(where=argument, rule=rule))
    if most is not None and len(entries) > most:
        rule = f"{len(entries)} are given; at most {most} are allowed."
        problems.append(Problem(where=argument, rule=rule))
    if problems:
        raise LabelError(problems, argument=argument)
    return tuple(entry for entry in entries if not isinstance(entry, Problem))


_validated = short_traceback(_pairs_of)


def _problems(entries: Iterable[Entry], rules: _Rules) -> Iterator[Problem]:
    firsts: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, Problem):
            yield entry
            continue
        key, value = entry
        where = shown(f"{key}:{value}")
        for broken in rules(key, value, firsts.get(key)):
            yield broken if isinstance(broken, Problem) else Problem(where=where, rule=broken)
        firsts.setdefault(key, value)


# Rules: they yield what is wrong with a key, its value, and an earlier value of the same key.


def _any(_key: str, _value: str, _before: str | None) -> Iterable[str]:
    return ()


def _key(key: str, before: str | None) -> Iterator[str]:
    if not LABEL_KEY.fullmatch(key):
        yield LABEL_KEY.text
    if before is not None:
        yield "Its key is given twice."


def _writable(key: str, value: str, before: str | None) -> Iterator[str]:
    yield from _key(key, before)
    if not LABEL_VALUE.fullmatch(value):
        yield LABEL_VALUE.text


def _dynamic(key: str, value: str, before: str | None) -> Iterator[Problem | str]:
    yield from _key(key, before)
    if not value:
        yield "Its template is empty."
    if problem := template_problem(value, where=f"template of {shown(key)}"):
        yield problem


def _matchable(key: str, value: str, before: str | None) -> Iterator[str]:
    if not LABEL_FILTER.fullmatch(f"{key}:{value}"):
        yield LABEL_FILTER.text
    if before not in {None, value}:
        yield f"{shown(before)} is given for the same key, and no group has both."
    yield from _sendable(key + value)


def _attached(key: str, value: str, _before: str | None) -> Iterator[str]:
    if not (key and value):
        yield "Key and value must not be empty."
    yield from _sendable(key + value)


def _sendable(text: str) -> Iterator[str]:
    if _UNSENDABLE.search(text):
        yield "It must not contain control characters or lone surrogates."
