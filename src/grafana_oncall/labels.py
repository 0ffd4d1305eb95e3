"""Labels: written in whichever way is at hand, checked before anything is sent.

Wherever labels are taken, they may be a mapping `{"team": "SRE"}`, one string `"team:SRE"`, one
label of the API, or an iterable of strings, pairs `("team", "SRE")` and labels of the API. Such a
label is a model (what a group's `.labels` holds) or its JSON
`{"key": {"name": "team"}, "value": {"name": "SRE"}}`, of which only the names count.

What is wrong is never repaired, and is said all at once, in one `LabelError`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from grafana_oncall._core.text import shown
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
    "to_dynamic_inputs",
    "to_input",
    "to_inputs",
    "to_query",
    "validate",
    "validate_dynamic",
]

_Rules: TypeAlias = Callable[[str, str, str | None], Iterable[Problem | str]]

_UNSENDABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def parse(labels: LabelsLike) -> tuple[tuple[str, str], ...]:
    """Pairs of key and value, in the order given; only their shape is checked.

        >>> parse("team:SRE")
        (('team', 'SRE'),)

    Raises:
        LabelError: Something among them is not a label, such as a number as its value.
    """
    return _sound(entries_of(labels), _any)


def validate(labels: LabelsLike) -> tuple[tuple[str, str], ...]:
    """The pairs of labels, if the API's rules allow to write them.

    At most 50, each key once. Keys and values have 1 to 63 characters: a key letters, digits and
    "_", with a letter at both ends; a value "-" and "." as well, with no digit at either end.

        >>> validate({"team": "SRE", "env": "prod"})
        (('team', 'SRE'), ('env', 'prod'))

    Raises:
        LabelError: With every broken rule of every label.
    """
    return _sound(entries_of(labels), _writable, most=LABELS_MAX)


def validate_dynamic(labels: LabelsLike) -> tuple[tuple[str, str], ...]:
    """The pairs of dynamic labels, whose values are Jinja2 templates of correct syntax.

    A string is split at its first colon, because templates have colons of their own.

        >>> validate_dynamic("severity:{{ payload.severity[:4] }}")
        (('severity', '{{ payload.severity[:4] }}'),)

    Raises:
        LabelError: With every broken rule; one of a template has its line.
    """
    entries = entries_of(labels, dynamic=True)
    return _sound(entries, _dynamic, most=LABELS_MAX, argument="dynamic_labels")


def to_query(labels: LabelsLike) -> tuple[str, ...]:
    """Entries `key:value` of a list filter, all of which a group must have; repeats are dropped.

    They are held to what the server can match, not to the rules for writing: labels may be older.

        >>> to_query([("team", "SRE"), ("2nd", "on call")])
        ('team:SRE', '2nd:on call')

    Raises:
        LabelError: The server would ignore an entry, or nothing could ever match all of them, or
            there are none, which would select everything.
    """
    pairs = _sound(entries_of(labels), _matchable, least=1)
    return tuple(dict.fromkeys(f"{key}:{value}" for key, value in pairs))


def matches(labels: LabelsLike, wanted: LabelsLike) -> bool:
    """Whether all the wanted labels are among these; case counts, as on the server.

        >>> matches([("team", "SRE"), ("env", "prod")], wanted="env:prod")
        True

    Raises:
        LabelError: No label is wanted, or either argument has something that is not a label.
    """
    return set(_sound(entries_of(wanted), _any, least=1)) <= set(parse(labels))


def to_inputs(labels: LabelsLike) -> tuple[api.LabelInput, ...]:
    """The request models of labels; raises LabelError as `validate` does.

    >>> [model.key.name for model in to_inputs({"team": "SRE"})]
    ['team']
    """
    return tuple(
        api.LabelInput(key=api.LabelKeyInput(name=key), value=api.LabelValueInput(name=value))
        for key, value in validate(labels)
    )


def to_dynamic_inputs(labels: LabelsLike) -> tuple[api.DynamicLabelInput, ...]:
    """The request models of dynamic labels; raises LabelError as `validate_dynamic` does.

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
    """The request model of one label to attach; raises LabelError as `validate` does.

    >>> to_input("team", "SRE").value.name
    'SRE'
    """
    (label,) = to_inputs([(key, value)])
    return label


def to_attached(key: str, value: str) -> api.AttachedLabelInput:
    """The request model of one label that is there already, and may be older than the rules.

        >>> to_attached("2nd", "on call: us").key.name
        '2nd'

    Raises:
        LabelError: No label can be like this: empty, or with control characters.
    """
    ((key, value),) = _sound(entries_of([(key, value)]), _attached)
    return api.AttachedLabelInput(
        key=api.AttachedNameInput(name=key), value=api.AttachedNameInput(name=value)
    )


def _sound(
    entries: Sequence[Entry],
    rules: _Rules,
    *,
    least: int = 0,
    most: int | None = None,
    argument: str = "labels",
) -> tuple[Pair, ...]:
    """The pairs, if they keep the rules and are all there is."""
    problems = list(_problems(entries, rules))
    if len(entries) < least:
        rule = "An empty set would select everything; to mean that, leave it out."
        problems.append(Problem(where=argument, rule=rule))
    if most is not None and len(entries) > most:
        rule = f"{len(entries)} were given; at most {most} are allowed."
        problems.append(Problem(where=argument, rule=rule))
    if problems:
        raise LabelError(problems, argument=argument)
    return tuple(entry for entry in entries if not isinstance(entry, Problem))


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


# Rules: what is wrong with a key, its value, and the value that the key had before, if it had one.


def _any(_key: str, _value: str, _before: str | None) -> Iterable[str]:
    return ()


def _key(key: str, before: str | None) -> Iterator[str]:
    if not LABEL_KEY.allows(key):
        yield LABEL_KEY.text
    if before is not None:
        yield "Its key is there already, and each key may stand once."


def _writable(key: str, value: str, before: str | None) -> Iterator[str]:
    yield from _key(key, before)
    if not LABEL_VALUE.allows(value):
        yield LABEL_VALUE.text


def _dynamic(key: str, value: str, before: str | None) -> Iterator[Problem | str]:
    yield from _key(key, before)
    if not value:
        yield "Its template is empty."
    if problem := template_problem(value, where=f"template of {shown(key)}"):
        yield problem


def _matchable(key: str, value: str, before: str | None) -> Iterator[str]:
    if not LABEL_FILTER.allows(f"{key}:{value}"):
        yield LABEL_FILTER.text
    if before not in {None, value}:
        yield f"{shown(before)} is wanted of the same key, and nothing has both."
    yield from _sendable(key + value)


def _attached(key: str, value: str, _before: str | None) -> Iterator[str]:
    if not (key and value):
        yield "Neither key nor value of a label is empty."
    yield from _sendable(key + value)


def _sendable(text: str) -> Iterator[str]:
    if _UNSENDABLE.search(text):
        yield "No label has control characters or lone surrogates."
