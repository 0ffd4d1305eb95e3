"""Keywords that a function does not take: an error that names the call and the nearest keyword."""

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def unknown_keyword(call: str, name: str, known: Iterable[str]) -> TypeError:
    """Return the error for a keyword that a call does not take, with the nearest that it does.

    Args:
        call: What the caller called, such as `bulk.resolve`.
        name: The unknown keyword.
        known: All keywords that the call takes.
    """
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake needs it

    known = sorted(known)
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"it takes {', '.join(known)}"
    return TypeError(f"{call}() has no `{name}`; {hint}")


def explain_keywords(function: Callable[_P, _R], call: str = "") -> Callable[_P, _R]:
    """Decorate a function so that unknown keywords are an `unknown_keyword`.

    Python's own error names the class in which a method is defined, which may be private, and
    suggests no other keyword before Python 3.13.

    Args:
        function: The function; one that takes any keyword is not for this.
        call: What callers call, if that is not the name of the function or of its class.
    """
    name = call or function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    positional = {Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL}
    parameters = signature(function).parameters.values()
    known = {each.name for each in parameters if each.kind not in positional} - {"self", "cls"}

    @wraps(function)
    def explained(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for keyword in kwargs:
            if keyword not in known:
                raise unknown_keyword(name, keyword, known)
        return function(*args, **kwargs)

    return explained
