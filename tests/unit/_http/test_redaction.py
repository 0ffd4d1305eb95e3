"""Redaction of a secret in foreign text, however it is spelled."""

import html
import json
import re
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._http.auth import Redactor

SPELLINGS: list[Callable[[str], str]] = [
    str,
    html.escape,
    quote,
    quote_plus,
    json.dumps,
    lambda text: json.dumps(json.dumps(text)),
    repr,
    lambda text: repr(text.encode()),
    lambda text: "".join(f"&#{ord(character)};" for character in text),
    lambda text: "".join(f"&#{ord(character):06}" for character in text),
    lambda text: "".join(f"&#x{ord(character):x};" for character in text),
    lambda text: "".join(f"&#X{ord(character):04X};" for character in text),
    lambda text: "".join(f"&amp;#{ord(character)};" for character in text),
    lambda text: "".join(f"%{ord(character):02x}" for character in text),
    lambda text: "".join(f"%25{ord(character):02X}" for character in text),
    lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    lambda text: "".join(f"\\\\u{ord(character):04X}" for character in text),
    lambda text: "".join(f"\\u{{{ord(character):x}}}" for character in text),
    lambda text: "".join(f"\\x{ord(character):02x}" for character in text),
    lambda text: "".join({"-": "&#45;", "_": "&lowbar;", "!": "&excl;"}.get(c, c) for c in text),
]
tokens = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)


@given(token=tokens, spell=st.sampled_from(SPELLINGS))
def test_every_spelling_of_a_secret_is_redacted(token: str, spell: Callable[[str], str]) -> None:
    """In text and in bytes."""
    spelt, redactor = spell(token), Redactor(token)
    shown = redactor.text(spelt)
    assert redactor.content(spelt.encode()) == shown.encode()
    assert re.sub(r"""^b?[\\"']+|[\\"']+$""", "", shown) == "(token)"


@given(token=tokens, data=st.data())
def test_spellings_may_be_mixed(token: str, data: st.DataObject) -> None:
    """From character to character."""
    mixed = "".join(
        data.draw(st.sampled_from(SPELLINGS[6:]))(character).strip("'") for character in token
    )
    assert token not in Redactor(token).text(f"<p>{mixed}</p>").replace("(token)", "")


@given(text=st.text("abc%\\&#<ü"), token=st.text("0123456789", min_size=16, max_size=40))
def test_everything_else_is_left_unchanged(text: str, token: str) -> None:
    """To the byte."""
    redactor = Redactor(token)
    assert redactor.text(text) == text
    assert redactor.content(text.encode()) == text.encode()
    assert not redactor.may_be_in(text.encode())


LETTERS = st.text("abcXYZ019", min_size=4, max_size=30)


@given(
    parts=st.lists(LETTERS, min_size=2, max_size=3).filter(lambda parts: len("".join(parts)) > 16),
    escape=st.sampled_from([str, *SPELLINGS[15:17]]),
)
def test_the_quick_search_of_json_misses_no_secret(
    parts: list[str], escape: Callable[[str], str]
) -> None:
    """Either all letters are escaped or none."""
    token = "-".join(parts)
    spelt = escape(token).replace("\\\\", "\\")
    content = f'{{"title": "{spelt}"}}'.encode()
    assert json.loads(content)["title"] == token
    redactor = Redactor(token)
    assert redactor.may_be_in(content)
    assert json.loads(redactor.content(content)) == {"title": "(token)"}


@pytest.mark.parametrize("token", ["-" * 20, "a-b-c-d-e-f-g-h-i"])
def test_a_secret_of_few_letters_is_always_searched_in_full(token: str) -> None:
    """The quick search has nothing to find it by."""
    assert Redactor(token).may_be_in(b"{}")


@pytest.mark.parametrize("token", ["t", "team", "fake-token-0123"])
def test_a_short_secret_is_not_searched_in_good_responses(token: str) -> None:
    """It may occur in any of them by chance."""
    assert not Redactor(token).may_be_in(token.encode())


EVIL = ["\\", "%25", "&amp;", "&#0", "&#x0", "\\u00", "\\u{0", "f", "%66", "&#102;", "\\u0066"]


@pytest.mark.parametrize("part", EVIL)
def test_no_text_takes_long(part: str) -> None:
    """However often it contains the beginning of the secret."""
    redactor = Redactor("f" * 40 + "0")
    text = (part * 70_000)[:65_536]
    began = time.process_time()
    redactor.content(text.encode())
    assert time.process_time() - began < 5


def test_a_large_response_is_searched_quickly() -> None:
    """All spellings are searched in its beginning, the plain one everywhere."""
    token = "f00dfeedc0ffee12"
    redactor = Redactor(token)
    filler = b"<p>nothing here</p>" * 2_000_000
    escaped = "".join(f"&#{ord(character)};" for character in token).encode()
    began = time.process_time()
    shown = redactor.content(escaped + filler + token.encode())
    assert time.process_time() - began < 5
    assert shown == b"(token)" + filler + b"(token)"


def test_a_redactor_does_not_show_its_secret() -> None:
    """Like everything else that holds it."""
    redactor = Redactor("f00dfeedc0ffee12")
    redactor.text("x")
    assert "f00d" not in repr(redactor)
