"""The tables and views of the schema ``ml_monitor``, as queries see them. The migrations make them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "ml_monitor"

CHECK_TEXT = """lower(left(check_name, 200) || ' ' || left(metric, 200) || ' ' ||
    left(coalesce(column_name, ''), 200) || ' ' || left(coalesce(segment, ''), 200) || ' ' ||
    CASE WHEN status = 'pass' THEN '' ELSE left(message, 1000) END)"""
"""What a check is found by, in SQL."""

CHECK_WORDS = f"to_tsvector('simple'::regconfig, regexp_replace({CHECK_TEXT}, '[^[:alnum:]]+', ' ', 'g'))"
"""Its words; exactly as the index ``check_result_words`` has them."""

metadata = sa.MetaData(schema=SCHEMA)

_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("now()")


def _required(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


profile = sa.Table(
    "profile",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    _required("content", sa.LargeBinary),
    _required("rows", sa.BigInteger),
    sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
)

report = sa.Table(
    "report",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _required("environment", sa.Text),
    _required("model", sa.Text),
    sa.Column("model_version", sa.Text),
    _required("kind", sa.Text),
    sa.Column("window_start", _TIME),
    sa.Column("window_end", _TIME),
    _required("as_of", _TIME),
    _required("dag_id", sa.Text),
    _required("run_id", sa.Text),
    _required("task_id", sa.Text),
    _required("map_index", sa.Integer),
    _required("try_number", sa.Integer),
    sa.Column("attempt", sa.Text),
    _required("status", sa.Text),
    _required("counts", JSONB),
    sa.Column("reference", sa.Text),
    sa.Column("rows_reference", sa.BigInteger),
    sa.Column("rows_current", sa.BigInteger),
    _required("duration_s", sa.Double),
    _required("config", JSONB),
    _required("config_hash", sa.Text),
    _required("package_version", sa.Text),
    _required("message", sa.Text),
    sa.Column("profile_hash", sa.Text, sa.ForeignKey(profile.c.hash, deferrable=True, initially="DEFERRED")),
    sa.Column("overridden_by", sa.Text),
    sa.Column("override_reason", sa.Text),
    sa.Column("overridden_at", _TIME),
    sa.Column("written_at", _TIME, nullable=False, server_default=_NOW),
)

check_result = sa.Table(
    "check_result",
    metadata,
    sa.Column("report_id", sa.Uuid, sa.ForeignKey(report.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    _required("check_name", sa.Text),
    _required("metric", sa.Text),
    _required("status", sa.Text),
    _required("severity", sa.Text),
    _required("required", sa.Boolean),
    sa.Column("column_name", sa.Text),
    sa.Column("segment", sa.Text),
    sa.Column("value", sa.Double),
    sa.Column("limit_lower", sa.Double),
    sa.Column("limit_upper", sa.Double),
    sa.Column("interval_lower", sa.Double),
    sa.Column("interval_upper", sa.Double),
    sa.Column("p_value", sa.Double),
    sa.Column("p_adjusted", sa.Double),
    sa.Column("n_reference", sa.BigInteger),
    sa.Column("n_current", sa.BigInteger),
    _required("message", sa.Text),
    _required("detail", JSONB),
)

reference = sa.Table(
    "reference",
    metadata,
    sa.Column("environment", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("profile_hash", sa.Text, sa.ForeignKey(profile.c.hash), nullable=False),
    _required("is_current", sa.Boolean),
    sa.Column("window_start", _TIME),
    sa.Column("window_end", _TIME),
    _required("dag_id", sa.Text),
    _required("run_id", sa.Text),
    _required("task_id", sa.Text),
    sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
)

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("report_id", sa.Uuid, sa.ForeignKey(report.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("decided_at", _TIME, primary_key=True),
    _required("approved", sa.Boolean),
    sa.Column("decided_by", sa.Text),
    _required("reason", sa.Text),
    _required("dag_id", sa.Text),
    _required("run_id", sa.Text),
    _required("task_id", sa.Text),
    _required("map_index", sa.Integer),
    sa.Column("written_at", _TIME, nullable=False, server_default=_NOW),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    *(_required(name, sa.Text) for name in ("environment", "model", "kind", "scope", "channel")),
    sa.Column("window_start", _TIME),
    sa.Column("window_end", _TIME),
    _required("event", sa.Text),
    _required("status", sa.Text),
    _required("reasons", JSONB),
    sa.Column("report_id", sa.Uuid, sa.ForeignKey(report.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("sent_at", _TIME, nullable=False, server_default=_NOW),
)

ended_try = sa.Table(
    "ended_try",
    metadata,
    *(sa.Column(name, sa.Text, primary_key=True) for name in ("attempt", "scope", "channel")),
    sa.Column("told_at", _TIME, nullable=False, server_default=_NOW),
)

arrival_mark = sa.Table(
    "arrival_mark",
    metadata,
    sa.Column("watch", sa.Text, primary_key=True),
    _required("newest", _TIME),
    _required("recent", sa.BigInteger),
    sa.Column("updated_at", _TIME, nullable=False, server_default=_NOW),
)

current_report = sa.table("current_report", *(sa.column(c.name, c.type) for c in report.columns), schema=SCHEMA)

label_ledger = sa.table(
    "label_ledger",
    *(sa.column(c.name, c.type) for c in report.columns if c.name in ("environment", "model", "model_version")),
    *(sa.column(name, _TIME) for name in ("window_start", "window_end")),
    *(sa.column(name, sa.BigInteger) for name in ("predictions", "mature", "void", "labelled", "missing")),
    *(sa.column(name, sa.Double) for name in ("coverage", "completeness")),
    *(sa.column(name, sa.BigInteger) for name in ("unmatched_labels", "corrected_labels", "verdicts")),
    *(sa.column(name, _TIME) for name in ("judged_as_of", "judged_at", "first_judged_as_of")),
    *(sa.column(name, sa.Text) for name in ("verdict", "dag_id", "run_id", "task_id")),
    sa.column("map_index", sa.Integer),
    sa.column("report_id", sa.Uuid),
    schema=SCHEMA,
)
