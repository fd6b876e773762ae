"""The models, or the kinds of one, that a long table has, each looked up by index behind the one before.

Source: "Loose indexscan" of PostgreSQL's wiki; before release 18 PostgreSQL would read the whole table or index.
"""

from __future__ import annotations

NAMED_MODELS = """
WITH RECURSIVE named AS (
    (SELECT environment, model FROM ml_monitor.report ORDER BY environment, model LIMIT 1)
    UNION ALL
    SELECT further.* FROM named, LATERAL (
        SELECT environment, model FROM ml_monitor.report
        WHERE (environment, model) > (named.environment, named.model) ORDER BY environment, model LIMIT 1) further
)"""
"""The beginning of a query that has each environment and model as the rows of ``named``."""

NAMED_KINDS = """
WITH RECURSIVE named AS (
    (SELECT kind FROM ml_monitor.report WHERE environment = :environment AND model = :model ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT further.kind FROM named, LATERAL (
        SELECT kind FROM ml_monitor.report
        WHERE environment = :environment AND model = :model AND kind > named.kind ORDER BY kind LIMIT 1) further
)"""
"""The beginning of a query that has each kind of report on ``:model`` in ``:environment`` as the rows of ``named``."""
