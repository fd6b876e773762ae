"""The drift methods, one a file. Importing this package registers them."""

from airflow_ml_monitor.drift.methods import (
    chi2,
    cramers_v,
    fisher_exact,
    hellinger,
    jensen_shannon,
    ks,
    psi,
    tvd,
    wasserstein,
    z_proportions,
)

__all__ = [
    "chi2",
    "cramers_v",
    "fisher_exact",
    "hellinger",
    "jensen_shannon",
    "ks",
    "psi",
    "tvd",
    "wasserstein",
    "z_proportions",
]
