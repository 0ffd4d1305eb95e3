"""Validation of single fields, with the messages of Django REST framework."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeGuard, cast

from .responses import crashed, refused

Check = Callable[[Any], Any]


def is_mapping(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether this is a JSON object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether this is a JSON array."""
    return isinstance(value, list)


class FieldError(Exception):
    """What is wrong with a field; `collect` puts it under the field's name."""

    def __init__(self, error: str | dict[str, Any]) -> None:
        super().__init__(error)
        self.errors: Any = [error] if isinstance(error, str) else error


def as_text(value: Any, limit: int | None = None) -> str:
    """Return a non-blank string; numbers become strings, as on the server."""
    if value is None:
        raise FieldError("This field may not be null.")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise FieldError("Not a valid string.")
    text = str(value).strip()
    if not text:
        raise FieldError("This field may not be blank.")
    if "\0" in text:
        raise FieldError("Null characters are not allowed.")
    if limit is not None and len(text) > limit:
        raise FieldError(f"Ensure this field has no more than {limit} characters.")
    return text


def as_short_text(value: Any) -> str | None:
    """Return null, or a string of up to 250 characters."""
    return None if value is None else as_text(value, 250)


def as_mapping(value: Any) -> dict[str, Any]:
    """Return a JSON object."""
    if value is None:
        raise FieldError("This field may not be null.")
    if not is_mapping(value):
        kind = type(value).__name__
        raise FieldError(f'Expected a dictionary of items but got type "{kind}".')
    return value


def as_bool(value: Any) -> bool:
    """Return a boolean, also from its usual spellings; `None` is none of them."""
    if value is None:
        raise FieldError("This field may not be null.")
    name = str(value).lower() if isinstance(value, str | int | float) else ""
    if name not in _BOOLEANS:
        raise FieldError("Must be a valid boolean.")
    return _BOOLEANS[name]


_BOOLEANS = {
    **dict.fromkeys(("t", "y", "yes", "true", "on", "1", "1.0"), True),
    **dict.fromkeys(("f", "n", "no", "false", "off", "0", "0.0"), False),
}


def as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object that has fields of its own."""
    if not is_mapping(value):
        text = f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
        raise FieldError({"non_field_errors": [text]})
    return value


def nested(checks: Mapping[str, Check]) -> Check:
    """Return the check of an object with these fields."""

    def check(value: Any) -> dict[str, Any]:
        if value is None:
            raise FieldError("This field may not be null.")
        fields, errors = collect(checks, as_object(value))
        if errors:
            raise FieldError(errors)
        return fields

    return check


def text(limit: int | None = None) -> Check:
    """Return the check of a non-blank string of so many characters."""
    return partial(as_text, limit=limit)


def nullable(check: Check, *, blank: bool = False) -> Check:
    """Return the same check, but allow null; with `blank`, a blank string is null too."""

    def checked_or_null(value: Any) -> Any:
        return None if value is None or (blank and value == "") else check(value)

    return checked_or_null


def integer(least: int | None = None, most: int | None = None) -> Check:
    """Return the check of an integer, also in a string, within limits."""

    def check(value: Any) -> int:
        if value is None:
            raise FieldError("This field may not be null.")
        whole = re.fullmatch(r"\s*([+-]?\d+)(?:\.0*)?\s*", str(value))
        if whole is None:
            raise FieldError("A valid integer is required.")
        return within(int(whole[1]), least, most)

    return check


def choice(*values: str) -> Check:
    """Return the check of one of these strings."""

    def check(value: Any) -> str:
        if value is None:
            raise FieldError("This field may not be null.")
        if value not in values:
            raise FieldError(f'"{value}" is not a valid choice.')
        return str(value)

    return check


def related(known: Container[str]) -> Check:
    """Return the check of the id of one of these objects."""

    def check(value: Any) -> str:
        if value is None:
            raise FieldError("This field may not be null.")
        if not isinstance(value, str) or value not in known:
            raise FieldError("Object does not exist")
        return value

    return check


def team(known: Container[str]) -> Check:
    """Return the check of the id of a team, or of none: null, `"null"` or a blank string."""
    check = related(known)
    return lambda value: None if value in (None, "", "null") else check(value)


def related_ids(known: Iterable[str]) -> Check:
    """Return the check of a list of ids: unknown ones are dropped, and the rest sorted by age."""

    def check(value: Any) -> list[str]:
        if value is None:
            return []
        if not isinstance(value, list | str | dict):
            raise crashed()  # the server iterates over it
        given: list[Any] = list(cast("Iterable[Any]", value))
        return [each for each in known if each in given]

    return check


def within(
    number: int, least: int | None, most: int | None, show: Callable[[int], object] = str
) -> int:
    """Return a number within these limits, which `show` writes in the message."""
    if least is not None and number < least:
        raise FieldError(f"Ensure this value is greater than or equal to {show(least)}.")
    if most is not None and number > most:
        raise FieldError(f"Ensure this value is less than or equal to {show(most)}.")
    return number


def as_list(value: Any) -> list[Any]:
    """Return a JSON array."""
    if not is_list(value):
        raise FieldError(f'Expected a list of items but got type "{type(value).__name__}".')
    return value


def collect(
    checks: Mapping[str, Check], body: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the valid members that are present, and the errors of the invalid ones."""
    fields: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, check in checks.items():
        if name not in body:
            continue
        try:
            fields[name] = check(body[name])
        except FieldError as error:
            errors[name] = error.errors
    return fields, errors


def checked(checks: Mapping[str, Check], body: Any, required: Sequence[str] = ()) -> dict[str, Any]:
    """Return the validated members of a body, or raise the 400 that lists every error."""
    if body is None:
        raise refused(400, {"non_field_errors": ["No data provided"]})
    try:
        fields, errors = collect(checks, as_object(body))
    except FieldError as error:
        raise refused(400, error.errors) from error
    missing = {name: ["This field is required."] for name in required if name not in body}
    if errors or missing:
        raise refused(400, {**errors, **missing})
    return fields


def as_named(value: Any) -> str:
    """Return the name in `{"name": ...}`, the form of keys and values of labels in requests."""
    fields, errors = collect({"name": as_text}, as_mapping(value))
    if "name" not in as_mapping(value):
        errors = {"name": ["This field is required."]}
    if errors:
        raise FieldError(errors)
    name: str = fields["name"]
    return name
