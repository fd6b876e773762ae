"""Configurations without their secrets: a report is read by more people than a password is for."""

from __future__ import annotations

import re
from typing import Any

from airflow_ml_monitor.data.locations import without_passwords

MASK = "***"

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|credential|authorization|^auth$|(?:^|[^a-z])token(?:$|[^a-z])"
    r"|(?:^|(?:api|access|account|private|encryption|signing|shared|ssh)[^a-z]?)keys?$"
)


def masked(value: Any) -> Any:
    """Return plain JSON with ``"***"`` for every value whose key looks secret, and for the passwords of URLs.

    What looks secret: ``password``, ``passwd``, ``pwd``, ``secret``, ``token``, ``credential``, ``auth``, ``key`` and
    the like of ``api_key``, alone or in a longer name. Nothing (``None``) is left as it is.
    """
    if isinstance(value, dict):
        return {key: MASK if item is not None and _looks_secret(key) else masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return without_passwords(value) if isinstance(value, str) else value


def _looks_secret(key: str) -> bool:
    return _SECRET.search(_WORD_STARTS.sub("_", key).lower()) is not None
