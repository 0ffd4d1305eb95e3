"""Request bodies of the generated methods, whose arguments are the members."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Final, TypeGuard, TypeVar, cast, get_args

import attrs
import msgspec

from grafana_oncall._codec.inputs import Rules, to_input
from grafana_oncall._core.text import shown
from grafana_oncall._core.types import UNSET
from grafana_oncall._validation.jinja import template_problem
from grafana_oncall.errors import IdsDropped, InvalidArgument, TemplateError

_TEMPLATE: Final = re.compile("{[{%#]")
"""What a Jinja2 template begins to evaluate with."""

R = TypeVar("R")
T = TypeVar("T")


def body(model: type[T], rules: Rules | None = None, /, **members: object) -> T:
    """Return the body of a request; members that are UNSET are absent.

    Raises:
        InvalidArgument: With every problem.
    """
    given = {name: value for name, value in members.items() if value is not UNSET}
    return to_input(given, model, argument="", rules=rules)


def nested(name: str, value: object, model: type[T]) -> T:
    """Return a member that is a model, or a mapping of its shape, or what was read.

    Raises:
        InvalidArgument: With every problem.
    """
    return to_input(_written(value, model), model, argument=name)


def _as_written(value: object, hint: Any) -> object:
    """Return what was read as it is written; anything else as it is.

    What was read is a model of a response, such as `Templates` for `TemplatesInput`. Its members
    that can be written are taken, and None only where it means the default.
    """
    target: Any = next((one for one in (hint, *get_args(hint)) if attrs.has(one)), None)
    if target is None:
        return value
    fields = {field.name: field.type for field in attrs.fields(attrs.resolve_types(target))}
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value).items()
        return {name: _as_written(member, fields.get(name)) for name, member in members}
    if target.__name__ != f"{type(value).__name__}Input":
        return value
    return {
        name: _as_written(member, kind)
        for name, kind in fields.items()
        if (member := getattr(value, name, UNSET)) is not UNSET
        and (member is not None or NoneType in get_args(kind))
    }


def _written(value: object, model: Any) -> object:
    """Return a member as it is written; None, of an object without it, means all defaults."""
    if value is not None or not model.__name__.endswith("Input"):
        return _as_written(value, model)
    fields = attrs.fields(attrs.resolve_types(model))
    return {field.name: None for field in fields if NoneType in get_args(field.type)}


def one_of(
    name: str,
    value: T | Mapping[str, Any],
    models: tuple[type[T], ...],
    rules: Rules | None = None,
) -> T:
    """Return a body that is one of several models, or a mapping of the shape of one.

    Its `type` says which.

    Raises:
        InvalidArgument: With every problem.
    """
    if isinstance(value, models):
        return to_input(value, type(value), argument=name, rules=rules)
    by_type = {_type_of(model): model for model in models}
    mapping: Mapping[str, Any] = {}
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
    kind = mapping.get("type")
    if not isinstance(kind, str) or kind not in by_type:
        known = ", ".join(by_type)
        given = f"type={shown(kind)}" if isinstance(value, Mapping) else type(value).__name__
        message = (
            f"{name}: a model, or a mapping with its type, is needed, not {given} (known: {known})."
        )
        raise InvalidArgument(message, argument=name)
    return to_input(mapping, by_type[kind], argument=name, rules=rules)


def _type_of(model: Any) -> str:
    kind: Any = attrs.fields_dict(model)["type"].default
    return str(kind)


def kept(result: R, body: object, members: Sequence[str]) -> R:
    """Return the result of a write that has all ids of these members which the body has.

    Raises:
        IdsDropped: It does not.
    """
    stored = {name: _ids(result, name) for name in members}
    lost = {
        name: missing
        for name in members
        if (missing := tuple(one for one in _ids(body, name) if one not in stored[name]))
    }
    if not lost:
        return result
    unknown = "; ".join(f"{name}: {', '.join(map(shown, ids))}" for name, ids in lost.items())
    message = (
        f"The server does not know some ids, and dropped them ({unknown}). It stored all the rest: "
        ".result has the object. Correct it, or delete it."
    )
    raise IdsDropped(message, kept=stored, lost=lost, result=result)


def _ids(node: object, name: str) -> tuple[str, ...]:
    return tuple(getattr(node, name, ()) or ())


def template(name: str, value: T) -> T:
    """Return a member that is a Jinja2 template, after a check of its syntax.

    Raises:
        TemplateError: It is not valid.
    """
    problem = template_problem(value, where=name) if isinstance(value, str) else None
    if problem is not None:
        raise TemplateError([problem], argument=name)
    return value


def json_template(name: str, value: object) -> object:
    """Return a template that makes a JSON object: a text, or that of a mapping of texts.

    Raises:
        InvalidArgument: It makes no object of texts, as far as one can tell; no value is shown.
        TemplateError: It is not valid.
    """
    text = json.dumps({**value}) if _has_only_texts(value) else value
    if isinstance(text, str) and not _TEMPLATE.search(text) and not _has_only_texts(_json(text)):
        text = None
    if not isinstance(text, str):
        message = f"{name}: a mapping of texts, or the text of a JSON object of them, is needed."
        raise InvalidArgument(message, argument=name)
    return template(name, text)


def _has_only_texts(value: object) -> TypeGuard[Mapping[str, str]]:
    if not isinstance(value, Mapping):
        return False
    pairs = cast("Mapping[object, object]", value).items()
    return all(isinstance(part, str) for pair in pairs for part in pair)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def templates(name: str, value: object, model: type[T]) -> T:
    """Return a member whose texts are Jinja2 templates, after a check of their syntax.

    Raises:
        InvalidArgument: It does not have the shape of the model.
        TemplateError: With every template that is not valid.
    """
    made = to_input(_written(value, model), model, argument=name)
    problems = [
        problem
        for where, source in _strings(msgspec.to_builtins(made), name)
        if (problem := template_problem(source, where=where))
    ]
    if problems:
        raise TemplateError(problems, argument=name)
    return made


def _strings(node: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield every string in a tree of objects, with its dotted path."""
    if isinstance(node, str):
        yield where, node
    elif isinstance(node, dict):
        for name, member in cast("dict[str, object]", node).items():
            yield from _strings(member, f"{where}.{name}")
