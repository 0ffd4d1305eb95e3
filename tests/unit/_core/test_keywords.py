"""Unknown keywords, named as the caller knows them."""

import re

import pytest

from grafana_oncall._core.keywords import explain_keywords, unknown_keyword


class Shelf:
    """A class with keyword arguments."""

    @explain_keywords
    def __init__(self, *, width: int = 1) -> None:
        self.width = width

    @explain_keywords
    def put(self, book: str, /, *, title: str = "", pages: int = 0) -> tuple[str, str, int]:
        """Put a book on it."""
        return book, title, pages


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dryrun", "bulk.resolve() has no `dryrun`; did you mean `dry_run`?"),
        ("dry_run_", "bulk.resolve() has no `dry_run_`; did you mean `dry_run`?"),
        ("colour", "bulk.resolve() has no `colour`; it takes dry_run, journal"),
    ],
)
def test_the_nearest_keyword_is_suggested_and_all_are_listed_if_none_is_near(
    name: str, message: str
) -> None:
    """`call` is what the caller wrote, with its dots."""
    error = unknown_keyword("bulk.resolve", name, {"journal", "dry_run"})
    assert (type(error), str(error)) == (TypeError, message)


def test_a_decorated_method_is_named_without_its_class() -> None:
    """The class may be private, and the caller's object of another class."""
    with pytest.raises(TypeError, match=re.escape("put() has no `titel`; did you mean `title`?")):
        Shelf().put("b", titel="x")  # type: ignore[call-arg]  # the slip


def test_a_decorated_constructor_is_named_by_its_class() -> None:
    """Callers do not write `__init__`."""
    with pytest.raises(TypeError, match=r"^Shelf\(\) has no `widht`; did you mean `width`\?$"):
        Shelf(widht=2)  # type: ignore[call-arg]  # the slip


def test_a_method_under_another_name_is_named_by_that() -> None:
    """The outer name is the one that was called."""
    add = explain_keywords(Shelf().put, "shelf.add")
    with pytest.raises(TypeError, match=r"^shelf\.add\(\) has no `page`; did you mean `pages`\?$"):
        add("b", page=2)  # type: ignore[call-arg]  # the slip


def test_a_positional_only_parameter_is_no_keyword() -> None:
    """Python would refuse it too."""
    with pytest.raises(TypeError, match=r"^put\(\) has no `book`; it takes pages, title$"):
        Shelf().put(book="b")  # type: ignore[call-arg]  # the slip


def test_what_is_right_is_passed_on() -> None:
    """With its result, and the docstring."""
    assert Shelf(width=3).put("b", title="t", pages=4) == ("b", "t", 4)
    assert Shelf.put.__doc__ == "Put a book on it."
