"""Text for messages and requests: printable, short, and encodable."""

from typing import Final

_SHOWN_LENGTH: Final = 80


def is_sendable(text: str) -> bool:
    """Whether a string can be encoded as UTF-8, which a lone surrogate cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def printable(text: str, longest: int = 500) -> str:
    """Return text from outside as one short line without control characters."""
    line = "".join(
        character if character.isprintable() else ascii(character)[1:-1]
        for character in text[: longest + 1]
    )
    return line if len(line) <= longest else line[: longest - 1] + "…"


def shown(value: object) -> str:
    """Return a value as error messages show it."""
    try:
        text = ascii(value)
    except Exception:  # noqa: BLE001  # of any class, such as a number of 5,000 digits
        text = f"<{type(value).__name__}>"
    return printable(text, _SHOWN_LENGTH)
