from __future__ import annotations

import pytest

from airflow_ml_monitor import settings


@pytest.mark.parametrize(
    ("read", "default"),
    [(settings.store_conn_id, "ml_monitor_default"), (settings.environment, "prod"), (settings.auto_migrate, True)],
)
def test_default(read: object, default: object) -> None:
    assert callable(read)
    assert read() == default


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("store_conn_id", "warehouse", "warehouse"),
        ("environment", "staging", "staging"),
        ("environment", "  ", "prod"),
        ("auto_migrate", "False", False),
        ("auto_migrate", "0", False),
    ],
)
def test_is_read_when_asked_for(monkeypatch: pytest.MonkeyPatch, option: str, text: str, value: object) -> None:
    monkeypatch.setenv(f"AIRFLOW__ML_MONITOR__{option.upper()}", text)
    assert getattr(settings, option)() == value
