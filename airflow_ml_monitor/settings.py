"""The ``[ml_monitor]`` section of Airflow's configuration, read when asked for.

Defaults and descriptions are those that ``provider_info`` declares to Airflow.
"""

from __future__ import annotations

from airflow_ml_monitor.provider_info import OPTIONS

SECTION = "ml_monitor"


def store_conn_id() -> str:
    """Return the id of the connection behind which the store is."""
    return _text("store_conn_id")


def environment() -> str:
    """Return the environment of reports and references whose task names none."""
    return _text("environment")


def auto_migrate() -> bool:
    """Return whether the first use of a store makes or upgrades its schema."""
    from airflow_ml_monitor.version_compat import conf

    return bool(conf.getboolean(SECTION, "auto_migrate", fallback=OPTIONS["auto_migrate"]["default"] == "True"))


def _text(option: str) -> str:
    from airflow_ml_monitor.version_compat import conf

    default = str(OPTIONS[option]["default"])
    return str(conf.get(SECTION, option, fallback=default)).strip() or default
