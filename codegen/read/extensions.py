"""What the extensions of an operation say, and its tag."""

import re
from typing import Any, Final

import attrs

from .names import BUILDER, TAG, check_name
from .spec import Json, Spec, Unsupported, check_shape

_RETRIES: Final = ("safe", "same", "already", "missing", "never")


@attrs.frozen(kw_only=True)
class Merge:
    """What an update must send although the caller does not give it."""

    read: str
    """Id of the operation that reads the object."""
    members: list[str]
    together: bool
    """Whether they are only sent together: if none of them is given, none is needed."""


def retry(node: Json, method: str, pointer: str) -> str:
    """Return what repeating the request does; by default, a write must not be repeated.

    Raises:
        Unsupported: It is none of what the retries know.
    """
    retry = str(node.get("x-retry", "safe" if method == "get" else "never"))
    if retry not in _RETRIES:
        raise Unsupported(f"{pointer}/x-retry", f"{retry!r} is not one of {', '.join(_RETRIES)}")
    return retry


def facade(node: Json, tag: str, pointer: str) -> str:
    """Return the name of the method: that of the operation without what its tag says already.

    Raises:
        Unsupported: It is no name.
    """
    one = f"{tag[:-3]}y" if tag.endswith("ies") else tag.removesuffix("s")
    kinds = rf"_(?:{re.escape(tag)}|{re.escape(one)})(?=_|$)"
    name = str(node.get("x-method", re.sub(kinds, "", node["operationId"])))
    check_name(name, BUILDER, f"{pointer}/x-method")
    return name


def is_by_hand(node: Json, pointer: str) -> bool:
    """Return whether the method is written by hand.

    Raises:
        Unsupported: The specification says something else.
    """
    if node.get("x-facade", "by hand") != "by hand":
        raise Unsupported(f"{pointer}/x-facade", "a method is generated, or written `by hand`")
    return "x-facade" in node


def raises(node: Json, pointer: str) -> dict[str, str]:
    """Return the errors that the method documents, with the reasons.

    Raises:
        Unsupported: They are not texts.
    """
    raises: dict[str, str] = node.get("x-raises", {})
    check_shape(raises, dict.fromkeys(raises, str), pointer)
    return raises


def merge(node: Json, pointer: str) -> Merge | None:
    """Return what an update must send in any case.

    Raises:
        Unsupported: It is not that.
    """
    merge = node.get("x-merge")
    if merge is None:
        return None
    check_shape(merge, {"read": str, "members": list, "when": str}, pointer, ["read", "members"])
    if merge.get("when", "any") != "any":
        raise Unsupported(f"{pointer}/when", "is left out, or `any`: if any of them is given")
    return Merge(read=merge["read"], members=merge["members"], together="when" in merge)


def rules(node: Json, pointer: str) -> str | None:
    """Return the name of the function with the rules for members of the body together.

    Raises:
        Unsupported: There is no body, or it is no name.
    """
    name: str | None = node.get("x-rules")
    if name is not None:
        check_name(name, BUILDER, pointer)
        if "requestBody" not in node:
            raise Unsupported(pointer, "rules are for the members of a body")
    return name


def tag(spec: Spec, tags: list[Any], pointer: str) -> tuple[str, str]:
    """Return the tag of an operation and the URL of its documentation page.

    Raises:
        Unsupported: The document has no such tag.
    """
    if len(tags) != 1:
        raise Unsupported(pointer, "an operation needs exactly one tag, which names its module")
    pointer = f"{pointer}/0"
    for tag in spec.root.get("tags", []):
        match tag:
            case {"name": str(name), "externalDocs": {"url": str(url)}} if name == tags[0]:
                check_name(name, TAG, pointer)
                return name, url
            case _:
                pass
    raise Unsupported(pointer, f"{tags[0]!r} is not a tag of this document with externalDocs")
