"""Verdicts on batches, and how many of them closed the gate or found the fault. Standard library only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Verdict:
    """What one tool says of one batch.

    :param closed: for each of its rules, whether a gate with that rule closes.
    :param flagged: the columns it alarms on.
    :param status: its own word for the whole, where it has one.
    """

    closed: Mapping[str, bool]
    flagged: frozenset[str]
    status: str = ""


@dataclass
class Tally:
    """What came of batches of one case.

    :param closed: closed gates by rule; ``statuses`` batches by the tool's own word.
    :param found: batches in which a faulty column was flagged, ``found_alone`` those with no clean one beside it.
    """

    batches: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    found: int = 0
    found_alone: int = 0
    clean_columns: int = 0
    clean_flagged: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict, columns: set[str], faulty: set[str]) -> None:
        """Count one batch."""
        clean = columns - faulty
        self.batches += 1
        self.closed.update({rule: int(closed) for rule, closed in verdict.closed.items()})
        self.statuses.update([verdict.status])
        self.found += bool(verdict.flagged & faulty)
        self.found_alone += bool(verdict.flagged & faulty) and not verdict.flagged & clean
        self.clean_columns += len(clean)
        self.clean_flagged.update(verdict.flagged & clean)

    def __add__(self, other: Self) -> Self:
        whole = type(self)()
        for name, mine in vars(self).items():
            theirs = getattr(other, name)
            # Counter's own sum forgets zeros, and a rule that never closed is to be shown.
            setattr(whole, name, _summed(mine, theirs) if isinstance(mine, Counter) else mine + theirs)
        return whole

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON; ``from_dict`` gives an equal tally back."""
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        read: dict[str, Any] = {
            name: Counter(value) if isinstance(value, dict) else value for name, value in plain.items()
        }
        return cls(**read)


def _summed(one: Counter[str], other: Counter[str]) -> Counter[str]:
    return Counter({name: one[name] + other[name] for name in {**one, **other}})


def wilson(count: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), both ends in [0, 1]; all of it of nothing.

    >>> [round(end, 4) for end in wilson(0, 100)]
    [0.0, 0.037]
    """
    if not of:
        return 0.0, 1.0
    share, spread = count / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    reach = z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return (0.0 if not count else middle - reach), (1.0 if count == of else middle + reach)


def shown(count: int, of: int) -> str:
    """Return a share with its interval: ``1.2% (0.7 to 2.1) of 1,000``."""
    if not of:
        return ""
    low, high = wilson(count, of)
    return f"{count / of:.1%} ({100 * low:.1f} to {100 * high:.1f}) of {of:,}"
