"""Jinja templates in a document that has not been rendered yet: they hide what will stand there."""

from __future__ import annotations

from typing import Any


def is_template(value: Any) -> bool:
    """Whether a value, or a part of it, is only known once Airflow has rendered it."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def hides(value: Any) -> bool:
    """Whether a template stands anywhere in a value."""
    if isinstance(value, dict):
        return any(hides(key) or hides(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(hides(item) for item in value)
    return is_template(value)
