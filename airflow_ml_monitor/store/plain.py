"""Values in the form PostgreSQL can hold: no NUL or lone surrogate in a text, no NaN or infinity in JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

json_text = json.JSONEncoder(ensure_ascii=False).encode
"""JSON types as text. ``json.dumps`` would make an encoder for each of ten thousand details."""

DETAIL_BYTES = 8192
"""Most bytes of JSON that a check's detail may have in the store."""


def plain_text(text: str) -> str:
    """Return the text with every character PostgreSQL refuses replaced by U+FFFD."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def plain_json(value: Any) -> Any:
    """Return JSON types that read back equal: keys are texts, NaN and infinity are texts, tuples are lists.

    NumPy scalars become Python's; what JSON does not know becomes its ``str``.
    """
    if value is None or isinstance(value, (str, int, float)):
        return _plain_scalar(value)
    if isinstance(value, (dict, Mapping)):
        return {plain_text(str(key)): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_json(item) for item in value]
    if callable(getattr(value, "item", None)) and getattr(value, "ndim", None) == 0:
        return plain_json(value.item())
    return plain_text(str(value))


def plain_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return the detail of a check as plain JSON, or a note about its size where it is too large to keep."""
    if not detail:
        return {}
    plain: dict[str, Any] = plain_json(detail)
    size = len(json_text(plain).encode())
    if size <= DETAIL_BYTES:
        return plain
    return {"cut": f"the detail had {size} bytes of JSON; at most {DETAIL_BYTES} are stored"}


def _plain_float(value: float) -> float | int | str:
    if not math.isfinite(value):
        return str(float(value))
    # jsonb keeps digits, not exponents: 1e23 would come back as the integer 10**23, which is another number.
    return int(value) if abs(value) >= 1e16 else float(value) + 0.0


def _plain_scalar(value: str | float | None) -> str | int | float | None:
    if isinstance(value, str):
        return plain_text(str(value))
    return _plain_float(value) if isinstance(value, float) else value
