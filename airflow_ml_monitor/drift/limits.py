"""The effects from which on a difference matters, by name; standard library only, for DAG files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from airflow_ml_monitor.errors import ConfigurationError

METHOD_LIMITS: Mapping[str, float] = {
    "ks": 0.1,
    "wasserstein": 0.1,
    "wasserstein_normed": 0.1,
    "psi": 0.2,
    "jensen_shannon": 0.1,
    "hellinger": 0.1,
    "chi2": 0.1,
    "cramers_v": 0.1,
    "tvd": 0.1,
    "z_proportions": 0.05,
    "l_infinity": 0.1,
    "kl": 0.1,
    "g_test": 0.1,
    "fisher_exact": 0.05,
    "t_test": 0.2,
    "mann_whitney": 0.15,
    "anderson_darling": 0.1,
    "cramer_von_mises": 0.1,
    "epps_singleton": 0.1,
    "energy": 0.1,
    "mmd": 0.1,
    "domain_classifier": 0.05,
    "pca_reconstruction": 0.2,
}
"""Of the methods, on the scale of ``Method.effect``: distances, differences of shares and standardised differences."""

LIMITS: Mapping[str, float] = {
    **METHOD_LIMITS,
    "missing_share": 0.03,
    "unseen_levels": 0.02,
    "vanished_levels": 0.02,
    "far_outside": 0.005,
    "infinite": 0.005,
    "too_large": 0.005,
    "stuck_value": 0.05,
    "constant": 0.005,
    "drifted_share": 0.5,
}
"""Of every check: those of the methods, shares of the rows, and the share of columns of a dataset rule."""


def checked_limits(setting: str, limits: Mapping[str, float]) -> dict[str, float]:
    """Return limits as numbers.

    :raises ConfigurationError: a limit that does not exist, or is not a number above 0.
    """
    for name, limit in limits.items():
        if name not in LIMITS:
            raise ConfigurationError(f"DriftPolicy({setting}) has no limit {name!r}; there are {', '.join(LIMITS)}")
        number = isinstance(limit, (int, float)) and not isinstance(limit, bool) and math.isfinite(limit)
        if not number or limit <= 0:
            raise ConfigurationError(f"DriftPolicy({setting}): the limit {name}={limit!r} must be a number above 0")
    return {name: float(limit) for name, limit in limits.items()}


@dataclass(frozen=True, kw_only=True)
class LearntLimits:
    """Limits from how much the windows of the reference differ among themselves, where there are enough of them.

    Each window is compared with all others; the limit is the larger of the practical one and what the rule gives.

    :param rule: ``"std"``, the mean of these effects and ``k`` standard deviations; or ``"quantile"``.
    :param k: standard deviations; at least 0.
    :param quantile: of the effects, in (0, 1]; interpolated, so 1 is the largest.
    :param least_windows: with fewer windows nothing is learnt; at least 3.
    :raises ConfigurationError: a setting that is out of range.
    """

    rule: Literal["std", "quantile"] = "std"
    k: float = 3.0
    quantile: float = 0.99
    least_windows: int = 8

    def __post_init__(self) -> None:
        if self.rule not in ("std", "quantile"):
            raise ConfigurationError(f"LearntLimits(rule={self.rule!r}) is neither 'std' nor 'quantile'")
        if not 0.0 <= self.k < math.inf:
            raise ConfigurationError(f"LearntLimits(k={self.k!r}) must be a number from 0 on, such as 3")
        if not 0.0 < self.quantile <= 1.0:
            raise ConfigurationError(f"LearntLimits(quantile={self.quantile!r}) must lie in (0, 1], such as 0.99")
        if self.least_windows < 3:
            raise ConfigurationError(f"LearntLimits(least_windows={self.least_windows!r}) must be at least 3")

    @classmethod
    def of(cls, value: Any) -> Self | None:
        """Read learnt limits from themselves, their settings as a mapping, or ``None`` for none.

        :raises ConfigurationError: the value is something else.
        """
        if value is None or isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            try:
                return cls(**value)
            except TypeError:
                raise ConfigurationError(
                    f"LearntLimits has no setting {', '.join(value)}; it has rule, k, quantile, least_windows"
                ) from None
        raise ConfigurationError(f"DriftPolicy(learnt={value!r}) is neither LearntLimits(...) nor None")
