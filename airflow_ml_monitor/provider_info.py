"""What Airflow is told about this package. Read at every start of Airflow: standard library only."""

from __future__ import annotations

from typing import Any

_INTEGRATION = "ML Monitor"

OPTIONS: dict[str, dict[str, Any]] = {
    "store_conn_id": {
        "description": "Id of the ``postgres`` connection behind which reports, profiles and references are stored.\n",
        "version_added": "0.1.0",
        "type": "string",
        "example": "warehouse",
        "default": "ml_monitor_default",
    },
    "environment": {
        "description": "Environment that reports and references belong to where a task names none.\n",
        "version_added": "0.1.0",
        "type": "string",
        "example": "staging",
        "default": "prod",
    },
    "auto_migrate": {
        "description": (
            "Whether the first use of a store makes or upgrades its schema ``ml_monitor``. Where tasks may not create\n"
            "tables, set it to False and run ``airflow ml-monitor migrate`` with a role that may.\n"
        ),
        "version_added": "0.1.0",
        "type": "boolean",
        "example": None,
        "default": "True",
    },
}


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description, as Airflow's ``provider_info.schema.json`` asks for it."""
    return {
        "package-name": "airflow-ml-monitor",
        "name": _INTEGRATION,
        "description": "Gates retraining and deployment on data quality, drift and model quality.\n",
        "integrations": [{"integration-name": _INTEGRATION, "tags": ["software"]}],
        "operators": [
            {
                "integration-name": _INTEGRATION,
                "python-modules": [
                    "airflow_ml_monitor.operators.data_quality",
                    "airflow_ml_monitor.operators.drift",
                    "airflow_ml_monitor.operators.reference",
                    "airflow_ml_monitor.operators.gate",
                    "airflow_ml_monitor.operators.model_quality",
                    "airflow_ml_monitor.operators.compare_models",
                    "airflow_ml_monitor.operators.estimate_performance",
                    "airflow_ml_monitor.operators.explain_change",
                    "airflow_ml_monitor.operators.pending_windows",
                    "airflow_ml_monitor.operators.approval",
                    "airflow_ml_monitor.operators.label_arrivals",
                ],
            }
        ],
        "sensors": [{"integration-name": _INTEGRATION, "python-modules": ["airflow_ml_monitor.sensors.labels"]}],
        "triggers": [
            {
                "integration-name": _INTEGRATION,
                "python-modules": [
                    "airflow_ml_monitor.triggers.labels",
                    "airflow_ml_monitor.triggers.labels_arrived",
                    "airflow_ml_monitor.triggers.labels_start",
                    "airflow_ml_monitor.triggers.reports",
                ],
            }
        ],
        "notifications": ["airflow_ml_monitor.notifications.verdict.VerdictNotifier"],
        "hooks": [{"integration-name": _INTEGRATION, "python-modules": ["airflow_ml_monitor.hooks.store"]}],
        "task-decorators": [
            {"class-name": f"airflow_ml_monitor.decorators.monitoring.{name}_task", "name": name}
            for name in ("ml_quality", "ml_drift", "ml_model_quality")
        ],
        "extra-links": ["airflow_ml_monitor.operators.links.ReportLink"],
        "cli": ["airflow_ml_monitor.cli.definition.get_provider_cli_commands"],
        "config": {
            "ml_monitor": {
                "description": "Where verdicts are stored, and how.\n",
                "options": OPTIONS,
            }
        },
    }
