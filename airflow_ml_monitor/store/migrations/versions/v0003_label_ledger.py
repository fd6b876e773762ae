"""The view ``label_ledger``: for each window of a model, what its last verdict knew, and how many there were."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Not over current_report: a mapped task judges the same window under another map index each time, and each of these
# has a current report of its own.
LABEL_LEDGER = """
CREATE VIEW ml_monitor.label_ledger AS
SELECT DISTINCT ON (r.environment, r.model, r.model_version, r.window_start, r.window_end)
    r.environment, r.model, r.model_version, r.window_start, r.window_end,
    (whole.detail ->> 'predictions')::bigint AS predictions,
    (whole.detail ->> 'mature')::bigint AS mature,
    (whole.detail ->> 'void')::bigint AS void,
    (whole.detail ->> 'labelled')::bigint AS labelled,
    (whole.detail ->> 'missing')::bigint AS missing,
    due.value AS coverage,
    whole.value AS completeness,
    (whole.detail ->> 'unmatched_labels')::bigint AS unmatched_labels,
    (whole.detail ->> 'corrected_labels')::bigint AS corrected_labels,
    r.as_of AS judged_as_of,
    r.written_at AS judged_at,
    r.status AS verdict,
    count(*) OVER every AS verdicts,
    min(r.as_of) OVER every AS first_judged_as_of,
    r.dag_id, r.run_id, r.task_id, r.map_index, r.id AS report_id
FROM ml_monitor.report r
    LEFT JOIN ml_monitor.check_result whole ON whole.report_id = r.id AND whole.check_name = 'completeness'
    LEFT JOIN ml_monitor.check_result due ON due.report_id = r.id AND due.check_name = 'coverage'
WHERE r.kind = 'model_quality' AND r.window_start IS NOT NULL
WINDOW every AS (PARTITION BY r.environment, r.model, r.model_version, r.window_start, r.window_end)
ORDER BY r.environment, r.model, r.model_version, r.window_start, r.window_end,
    r.as_of DESC, r.written_at DESC, r.try_number DESC, r.id"""


def upgrade() -> None:
    op.execute(LABEL_LEDGER)
