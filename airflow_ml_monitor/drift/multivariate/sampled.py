"""The rows that the methods for all columns together compare: samples kept with both profiles."""

from __future__ import annotations

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile import Profile

_ROWS = 20_000


def rows_needed(policy: DriftPolicy) -> int:
    """Return how many rows of a batch to keep for a policy: none where it compares columns one by one."""
    return _ROWS if policy.multivariate else 0


def whole_rows(reference: Profile, current: Profile, policy: DriftPolicy) -> list[Finding]:
    """Return the findings about all columns together; none where the policy names no method for it.

    :raises ConfigurationError: a profile was made without a sample of its rows.
    """
    if not policy.multivariate:
        return []
    for side, profile, made in (
        ("reference", reference, "build_reference(sample=5_000)"),
        ("current batch", current, "profile_like(sample=5_000)"),
    ):
        if profile.sample is None:
            raise ConfigurationError(
                f"DriftPolicy(multivariate=) names {', '.join(policy.multivariate)}, which compare rows, "
                f"and the profile of the {side} has none; make it with {made}"
            )
    from airflow_ml_monitor.drift.multivariate.findings import multivariate_findings

    assert reference.sample is not None
    assert current.sample is not None
    names = [name for name in reference.columns if name in current.columns]
    tables = [sample.finish().select(names) for sample in (reference.sample, current.sample)]
    return multivariate_findings(tables[0], tables[1], policy.multivariate, policy)
