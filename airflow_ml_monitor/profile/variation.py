"""How much the windows of a reference differ among themselves: natural variation, which is no drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from airflow_ml_monitor.profile.arrays import Floats
from airflow_ml_monitor.window import Window

_PREFIX = "\0variation\0"


@dataclass(frozen=True, eq=False)
class Variation:
    """The effects found when each window of a reference is compared with all others of it.

    One left out, since a part compared with a whole that holds it differs too little.

    :param windows: the windows, in the order of the effects.
    :param effects: column -> check and metric -> one effect a window; NaN where it could not be measured.
    """

    windows: tuple[Window, ...] = ()
    effects: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)

    def of(self, column: str, check: str, metric: str) -> Floats:
        """Return the effects that could be measured; none where the check was not made."""
        found = self.effects.get(column, {}).get(key(check, metric), np.zeros(0))
        return found[np.isfinite(found)]

    def only(self, columns: Iterable[str]) -> Self:
        """Return the variation of these columns alone."""
        return type(self)(self.windows, {name: self.effects[name] for name in columns if name in self.effects})

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        """Return plain JSON and arrays; ``from_parts`` gives the same variation back."""
        arrays = {f"{_PREFIX}{name}\0{what}": e for name, own in self.effects.items() for what, e in own.items()}
        keys = [[name, sorted(own)] for name, own in self.effects.items()]
        return {"windows": [window.to_dict() for window in self.windows], "keys": keys}, arrays

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> Self:
        effects = {name: {what: arrays[f"{_PREFIX}{name}\0{what}"] for what in own} for name, own in header["keys"]}
        return cls(tuple(Window.of(window) for window in header["windows"]), effects)


def key(check: str, metric: str) -> str:
    """Return under which name the effects of a check are kept."""
    return f"{check}/{metric}"
