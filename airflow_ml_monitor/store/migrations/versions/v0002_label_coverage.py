"""The view ``label_coverage``: how many labels of each window were known to its current verdict."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LABEL_COVERAGE = """
CREATE VIEW ml_monitor.label_coverage AS
SELECT r.environment, r.model, r.model_version, r.window_start, r.window_end, r.as_of, r.status,
    (whole.detail ->> 'predictions')::bigint AS predictions,
    (whole.detail ->> 'void')::bigint AS void,
    (whole.detail ->> 'mature')::bigint AS mature,
    (whole.detail ->> 'labelled')::bigint AS labelled,
    (whole.detail ->> 'missing')::bigint AS missing,
    due.value AS coverage,
    whole.value AS completeness,
    (whole.detail ->> 'late_labels')::bigint AS late_labels,
    (whole.detail ->> 'corrected_labels')::bigint AS corrected_labels,
    (whole.detail ->> 'unmatched_labels')::bigint AS unmatched_labels,
    r.dag_id, r.task_id, r.map_index, r.id AS report_id
FROM ml_monitor.current_report r
    JOIN ml_monitor.check_result whole ON whole.report_id = r.id AND whole.check_name = 'completeness'
    LEFT JOIN ml_monitor.check_result due ON due.report_id = r.id AND due.check_name = 'coverage'
WHERE r.kind = 'model_quality'"""


def upgrade() -> None:
    op.execute(LABEL_COVERAGE)
