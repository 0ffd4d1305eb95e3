"""The chain of causes behind an exception."""

from itertools import pairwise

from grafana_oncall._core.causes import causes, strip_tracebacks


def test_tracebacks_are_stripped_from_all_that_led_to_an_error() -> None:
    """However long the chain is, and even if causes and contexts meet."""
    errors = [raised(ValueError(str(number))) for number in range(2000)]
    for later, earlier in pairwise(errors):
        later.__cause__ = later.__context__ = earlier
    errors[-1].__cause__ = errors[0]
    strip_tracebacks(errors[0])
    assert [error for error in errors if error.__traceback__ is not None] == []


class Unhashable(ValueError):
    """Unhashable, like exceptions that are dataclasses."""

    __hash__ = None  # type: ignore[assignment]  # how Python says so


def test_tracebacks_are_stripped_from_errors_without_a_hash() -> None:
    """They may be the cause of an error of the SDK's."""
    cause = raised(Unhashable())
    error = raised(ValueError())
    error.__cause__ = cause
    strip_tracebacks(error)
    assert (error.__traceback__, cause.__traceback__) == (None, None)


def raised(error: Exception) -> Exception:
    """The same, with a traceback."""
    try:
        raise error
    except ValueError:
        return error


def test_causes_come_before_contexts_and_each_comes_once() -> None:
    """Even where the chain meets itself."""
    error, cause, context, deeper = (ValueError(name) for name in "abcd")
    error.__cause__, error.__context__ = cause, context
    cause.__context__ = context.__context__ = deeper
    deeper.__cause__ = error
    assert [*map(str, causes(error))] == ["a", "b", "d", "c"]
