"""The plugin that puts the pages into Airflow. Loaded by each of its processes: cheap until a page is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_ml_monitor.operators.links import PAGES, page_address

_NAME = "ML Monitor"


class LazyApp:
    """The pages' application, made when its first request comes."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if self._app is None:
            from airflow_ml_monitor.pages.app import make_app

            self._app = make_app()
        await self._app(scope, receive, send)


class MlMonitorPlugin(AirflowPlugin):
    """A page in the navigation, and a tab on each DAG, run, task and task of a run."""

    name = "ml_monitor"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": PAGES, "name": _NAME}]  # noqa: RUF012 - as Airflow declares it
    external_views = [  # noqa: RUF012
        {"name": _NAME, "href": page_address(path), "destination": place, "url_route": f"ml-monitor-{place}"} | more
        for place, path, more in (
            ("nav", "/", {"category": "browse"}),
            ("dag", "/dags/{DAG_ID}", {}),
            ("dag_run", "/dags/{DAG_ID}?run_id={RUN_ID}", {}),
            ("task", "/dags/{DAG_ID}?task_id={TASK_ID}", {}),
            ("task_instance", "/dags/{DAG_ID}?run_id={RUN_ID}&task_id={TASK_ID}", {}),
        )
    ]
