# Written by `make codegen` from openapi.yaml. Do not edit.
"""Limits of the specification, checked before anything is sent."""

from typing import Final

from grafana_oncall._core.types import StringRule

ID: Final = StringRule(
    text='Ids are ASCII letters, digits, "-" and "_"; 1 to 128 characters.',
    pattern="^[A-Za-z0-9_-]+$",
    min_length=1,
    max_length=128,
)
LABEL_FILTER: Final = StringRule(
    text="key:value, with exactly one colon; the server ignores any other entry silently.",
    pattern="^[^:]+:[^:]+$",
)
LABEL_KEY: Final = StringRule(
    text='A key has only letters, digits and "_", and starts and ends with a letter; 1 to 63 characters.',
    pattern="^[A-Za-z]([A-Za-z0-9_]*[A-Za-z])?$",
    min_length=1,
    max_length=63,
)
LABEL_VALUE: Final = StringRule(
    text='A value has only letters, digits, "-", "_" and ".", and neither starts nor ends with a digit; 1 to 63 characters.',
    pattern="^[A-Za-z_.-]([A-Za-z0-9_.-]*[A-Za-z_.-])?$",
    min_length=1,
    max_length=63,
)
LABELS_MAX: Final = 50
SILENCE_DELAY_MIN: Final = -1
SILENCE_DELAY_MAX: Final = 2147483647
