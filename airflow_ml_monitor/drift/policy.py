"""``DriftPolicy``: which columns are compared, and when a difference is one that matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from airflow_ml_monitor.drift.limits import LIMITS, LearntLimits, checked_limits
from airflow_ml_monitor.drift.settings import NAMING, method_choices, names, refuse_contradictions, refuse_ranges
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Severity


@dataclass(frozen=True, kw_only=True)
class DriftPolicy:
    """When a batch has drifted: an effect at or beyond its limit, on evidence that stands after counting all tests.

    :param columns: the columns to compare; all of the reference by default.
    :param exclude: columns to leave out.
    :param critical: columns that fail the report by themselves; by default all but those in ``warning``.
    :param warning: columns that can only make the report ``warn``.
    :param scores: columns that hold a score or probability of a model: compared by PSI.
    :param methods: methods by name that compare the distribution of a column in place of those chosen by its kind:
        ``{"age": "psi", "city": ("jensen_shannon", "chi2")}``.
    :param multivariate: methods that look at all columns together: ``"domain_classifier"``, ``"pca_reconstruction"``,
        ``"mmd"``. They need rows of the reference: ``build_reference(sample=5_000)``.
    :param alpha: the probability, at most, that a batch without any change fails; in (0, 1).
    :param limits: limits that differ from ``LIMITS``, by name, for all columns.
    :param column_limits: the same for single columns: ``{"age": {"ks": 0.2}}``.
    :param learnt: how limits are learnt from the windows of a reference that has several; ``None`` to learn none.
    :param correction: ``"holm"`` (no false alarm among all tests but for alpha), ``"bh"`` (Benjamini-Hochberg: false
        alarms are at most a share alpha of the alarms) or ``"none"``.
    :param rule: what drifted columns make of the report: ``"any"``, a critical column that drifted fails it;
        ``"share"``, it fails where the share of drifted columns reaches the limit ``drifted_share``; ``"weighted"``,
        the same with ``weights``. Columns in ``critical`` fail it under every rule.
    :param weights: weight of a column for ``"weighted"``; 1 where not named.
    :param looks_per_year: how often a batch is judged; by default as often as its window fits into a year.
    :param alarms_per_year: false alarms a year that are bearable: ``alpha`` is lowered to it where it is higher.
    :param confirm: how many of how many windows, the judged one among them, must have drifted to fail the report:
        ``(2, 3)``; until then it can only ``warn``. Outages and changes of the schema need no second window.
    :param min_rows: fewer values than this on a side are ``insufficient``; at least 2.
    :raises ConfigurationError: a setting that is out of range, unknown or contradicts another.
    """

    columns: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    critical: tuple[str, ...] | None = None
    warning: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    methods: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    multivariate: tuple[str, ...] = ()
    alpha: float = 0.05
    limits: Mapping[str, float] = field(default_factory=dict)
    column_limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    learnt: LearntLimits | None = field(default_factory=LearntLimits)
    correction: Literal["holm", "bh", "none"] = "holm"
    rule: Literal["any", "share", "weighted"] = "any"
    weights: Mapping[str, float] = field(default_factory=dict)
    looks_per_year: float | None = None
    alarms_per_year: float | None = None
    confirm: tuple[int, int] | None = None
    min_rows: int = 30

    def __post_init__(self) -> None:
        for name in ("columns", "exclude", "critical", "warning", "scores", "multivariate"):
            object.__setattr__(self, name, names(f"{name}=", getattr(self, name)))
        limits = checked_limits("limits", self.limits)
        changed = {name: limit for name, limit in limits.items() if limit != LIMITS[name]}
        object.__setattr__(self, "limits", changed)
        by_column = {n: checked_limits(f"column_limits[{n!r}]", own) for n, own in self.column_limits.items()}
        object.__setattr__(self, "column_limits", by_column)
        object.__setattr__(self, "methods", method_choices(self.methods))
        object.__setattr__(self, "learnt", LearntLimits.of(self.learnt))
        object.__setattr__(self, "weights", {name: float(weight) for name, weight in self.weights.items()})
        object.__setattr__(self, "confirm", None if self.confirm is None else tuple(self.confirm))
        refuse_ranges(self)
        refuse_contradictions(self)

    def chosen(self, available: Iterable[str], *, uncounted: Iterable[str] = ()) -> list[str]:
        """Return the columns to compare, of those the reference has.

        :param uncounted: columns that its source had beside them; to exclude one of these is no mistake.
        :raises ConfigurationError: the policy names a column that the reference does not have.
        """
        there = list(available)
        named = {name for setting in NAMING for name in getattr(self, setting) or ()}
        known = {*there, *uncounted}
        unknown = sorted({name for name in named if name not in there} | {n for n in self.exclude if n not in known})
        if unknown:
            raise ConfigurationError(
                f"DriftPolicy names {', '.join(unknown)}, which the reference does not have; it has {', '.join(there)}"
            )
        return [name for name in self.columns or there if name not in self.exclude]

    def limit(self, name: str, column: str) -> float:
        """Return the limit of that name for a column."""
        return self.column_limits.get(column, {}).get(name, self.limits.get(name, LIMITS[name]))

    def severity(self, column: str) -> Severity:
        """Return what a failing check of a column may do to the report."""
        among = self.rule == "any" if self.critical is None else column in self.critical
        return Severity.CRITICAL if among and column not in self.warning else Severity.WARNING

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, every limit spelled out; ``from_dict`` gives an equal policy back."""
        plain = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        plain["limits"] = {**LIMITS, **self.limits}
        plain["learnt"] = None if self.learnt is None else asdict(self.learnt)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read what ``to_dict`` wrote, or a part of it.

        :raises ConfigurationError: a setting that does not exist.
        """
        unknown = sorted(set(plain) - {f.name for f in fields(cls)})
        if unknown:
            known = ", ".join(f.name for f in fields(cls))
            raise ConfigurationError(f"DriftPolicy has no setting {', '.join(unknown)}; it has {known}")
        return cls(**plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value
