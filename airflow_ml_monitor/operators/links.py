"""The link from a monitoring task, whatever became of it, to the page of its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

PAGES = "/ml-monitor"


def page_address(path: str = "") -> str:
    """Return the address of a page, below the path that Airflow is served under."""
    from airflow_ml_monitor.version_compat import conf

    return urlsplit(str(conf.get("api", "base_url", fallback="/"))).path.rstrip("/") + PAGES + path


class ReportLink(BaseOperatorLink):
    """To the report of the task's last try; to those of its DAG where it ended before it had one."""

    name = "Report"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        report_id = getattr(operator, "report_id", None)
        if report_id is not None:
            return page_address(f"/reports/{report_id}")
        return page_address(f"/dags/{quote(str(ti_key.dag_id), safe='')}")
