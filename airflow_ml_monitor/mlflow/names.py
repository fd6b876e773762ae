"""Names that MLflow takes: word characters, ``-``, ``.``, spaces, and ``/`` between the parts."""

from __future__ import annotations

import hashlib
import re

LONGEST = 250
_ILLEGAL = re.compile(r"[^\w. -]")
_ONLY_DOTS = re.compile(r"\.*")
_DIGITS = 8


def joined(*parts: str) -> str:
    """Return parts as one name. Different parts give different names, and the same ones the same name every time.

    A part that MLflow does not take as it is has ``_`` for each wrong character and the start of its SHA-256 behind
    it, so that ``a/b`` and ``a_b`` are two. Names longer than 250 characters are cut the same way.

    >>> joined("drift", "distance", "ks")
    'drift/distance/ks'
    >>> joined("drift", "air/time", "ks")
    'drift/air_time-c45c0334/ks'
    """
    name = "/".join(_legal(part) for part in parts)
    return name if len(name) <= LONGEST else _marked(name[: LONGEST - _DIGITS - 1], "/".join(parts))


def _legal(part: str) -> str:
    wrong = _ILLEGAL.search(part) or _ONLY_DOTS.fullmatch(part) or part != part.strip()
    return _marked(_ILLEGAL.sub("_", part), part) if wrong else part


def _marked(name: str, raw: str) -> str:
    return f"{name}-{hashlib.sha256(raw.encode()).hexdigest()[:_DIGITS]}"
