"""The pages' application: every route asks Airflow who the user is and which DAGs they may read."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote, urlencode
from uuid import UUID

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep, get_user
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from airflow_ml_monitor.errors import ConfigurationError, MonitorError
from airflow_ml_monitor.operators.links import PAGES
from airflow_ml_monitor.pages.charts_script import charts_script, charts_version
from airflow_ml_monitor.pages.distributions import NoDistributionsError, read_distributions
from airflow_ml_monitor.pages.heat import Heat
from airflow_ml_monitor.pages.html import CHARTS, page, report_page
from airflow_ml_monitor.pages.reading import reading
from airflow_ml_monitor.pages.searching import Asked
from airflow_ml_monitor.pages.timeline_page import Choice, read_timeline
from airflow_ml_monitor.store import verdict_lists
from airflow_ml_monitor.store.check_search import search_checks
from airflow_ml_monitor.store.drift_cells import drift_cells
from airflow_ml_monitor.store.model_verdicts import verdicts_on
from airflow_ml_monitor.store.place import Place
from airflow_ml_monitor.store.stored import StoredReport

_MOST_WINDOWS = 26
_NOT_LOGGED_IN = "You are not logged in to Airflow, or your login has expired."
_TOLD = {401: "Log in", 403: "Not allowed", 404: "Not found", 500: "Broken", 503: "The store does not answer"}
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def readable_dags(user: GetUserDep) -> set[str]:
    """Return the ids of the DAGs that the user may read."""
    return set(get_auth_manager().get_authorized_dag_ids(user=user, method="GET"))


Readable = Annotated[set[str], Depends(readable_dags)]
After = Annotated[int, Query(ge=0, le=1_000_000)]


def make_app() -> FastAPI:
    """Return the application; it has no documentation of its own and answers nobody unknown."""
    app = FastAPI(
        title="ML Monitor",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(get_user)],
        default_response_class=HTMLResponse,
    )
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(MonitorError, _failed)
    app.add_exception_handler(Exception, _broken)
    app.get("/")(models)
    app.get("/models/{environment}/{model:path}")(one_model)
    app.get("/timeline")(timeline)
    app.get("/drift")(drift)
    app.get("/distributions")(column_in_window)
    app.get("/checks")(checks)
    app.get("/dags/{dag_id}")(one_dag)
    app.get("/reports/{report_id}")(one_report)
    app.get(f"/{CHARTS}")(charts)
    return app


def models(request: Request, dags: Readable, after: After = 0) -> HTMLResponse:
    """Models, and what the latest verdicts on each are."""
    with reading() as connection:
        found = verdict_lists.latest_verdicts(connection, dags, after=after)
    grouped: dict[tuple[str, str], list[verdict_lists.Verdict]] = {}
    for verdict in found:
        grouped.setdefault((verdict.environment, verdict.model), []).append(verdict)
    return _page(request, "models.html.jinja", title="Models", models=grouped, after=after)


def one_model(
    request: Request, dags: Readable, environment: str, model: str, kind: str | None = None, after: str = ""
) -> HTMLResponse:
    """The current verdicts on a model, window by window."""
    environment, model = _as_addressed(request, environment, model)
    try:
        place = Place.of(after) if after else None
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from error
    with reading() as connection:
        found = verdicts_on(connection, dags, environment=environment, model=model, kind=kind or None, after=place)
    title = f"{model} in {environment}"
    return _page(
        request,
        "verdicts.html.jinja",
        title=title,
        verdicts=found.verdicts,
        after=after,
        next=found.next,
        of_model=True,
        environment=environment,
        model=model,
    )


def timeline(request: Request, dags: Readable, choice: Annotated[Choice, Depends()]) -> HTMLResponse:
    """What was measured of a model, window by window."""
    with reading() as connection:
        known = read_timeline(connection, dags, choice)
    return _page(request, "timeline.html.jinja", title=f"{choice.model} in {choice.environment}", **known)


def drift(request: Request, dags: Readable, environment: str, model: str) -> HTMLResponse:
    """A model's columns by its latest windows."""
    with reading() as connection:
        cells = drift_cells(connection, dags, environment=environment, model=model, windows=_MOST_WINDOWS)
    title = f"Drift of {model} in {environment}"
    return _page(request, "drift.html.jinja", title=title, heat=Heat.of(cells), environment=environment, model=model)


def column_in_window(request: Request, dags: Readable, report_id: UUID, column: str) -> HTMLResponse:
    """A column's two distributions: of the reference and of a window."""
    with reading() as connection:
        stored = _found(verdict_lists.report_of(connection, dags, report_id, column=column), report_id)
        try:
            known = read_distributions(connection, stored, column)
        except NoDistributionsError as error:
            raise HTTPException(404, str(error)) from error
    known |= {"report_id": report_id, "report": stored.report, "column": column}
    return _page(request, "distributions.html.jinja", title=column, **known)


def checks(request: Request, dags: Readable, asked: Annotated[Asked, Depends()]) -> HTMLResponse:
    """Checks by words, status, kind and time, those written last first."""
    try:
        search, after = asked.search, asked.place
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from error
    with reading() as connection:
        found = search_checks(connection, dags, search, after=after)
    return _page(request, "checks.html.jinja", title="Checks", found=found, asked=asked)


def one_dag(
    request: Request,
    dags: Readable,
    dag_id: str,
    run_id: str | None = None,
    task_id: str | None = None,
    after: After = 0,
) -> HTMLResponse:
    """What a DAG, one of its runs or one of its tasks reported."""
    run_id = run_id and run_id.replace(" ", "+")  # no run has a space; Airflow 3.1 writes a plus as it is, which is one
    with reading() as connection:
        found = verdict_lists.verdicts_of(connection, dags, dag_id=dag_id, run_id=run_id, task_id=task_id, after=after)
    title = " ".join(part for part in (dag_id, task_id, run_id) if part)
    return _page(
        request, "verdicts.html.jinja", title=title, verdicts=found, after=after, of_model=False, here=["dags", dag_id]
    )


def one_report(request: Request, dags: Readable, report_id: UUID) -> HTMLResponse:
    """A report, whole."""
    with reading() as connection:
        found = _found(verdict_lists.report_of(connection, dags, report_id), report_id)
    return HTMLResponse(report_page(found, root=request.scope.get("root_path", "")), headers=_SAFE)


def charts(v: str = "") -> Response:
    """What draws the charts of reports; browsers need not ask again for the version that their address has."""
    kept = {"Cache-Control": "private, max-age=31536000, immutable"} if v == charts_version() else {}
    return Response(charts_script(), media_type="text/javascript", headers=_SAFE | kept)


def _as_addressed(request: Request, environment: str, model: str) -> tuple[str, str]:
    """Return both names as they were before the address was decoded: an environment may have a slash."""
    raw = (request.scope.get("raw_path") or b"").decode("latin-1").partition(f"{PAGES}/models/")[2]
    first, slash, rest = raw.partition("/")
    return (unquote(first), unquote(rest)) if slash else (environment, model)


def _found(stored: StoredReport | None, report_id: UUID) -> StoredReport:
    if stored is None:
        raise HTTPException(404, f"There is no report {report_id} of a DAG that you may read.")
    return stored


def _page(request: Request, template: str, **known: Any) -> HTMLResponse:
    root = request.scope.get("root_path", "")
    return HTMLResponse(page(template, root=root, query=dict(request.query_params), **known), headers=_SAFE)


def _refused(request: Request, error: Exception) -> HTMLResponse:
    status, said = getattr(error, "status_code", 500), str(getattr(error, "detail", error))
    answer = _told(request, status, _NOT_LOGGED_IN if status == 401 else said)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _failed(request: Request, error: Exception) -> HTMLResponse:
    return _told(request, 503, str(error))


def _misread(request: Request, error: Exception) -> HTMLResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    said = [f"{'.'.join(map(str, one['loc'][1:]))} is {one.get('input')!r}: {one['msg']}" for one in found]
    return _told(request, 422, f"This address asks for something that cannot be: {'; '.join(said)}.")


def _broken(request: Request, error: Exception) -> HTMLResponse:
    said = f"The page could not be made ({type(error).__name__}). The log of Airflow's API server says why."
    return _told(request, 500, said)


def _told(request: Request, status: int, said: str) -> HTMLResponse:
    root = request.scope.get("root_path", "")
    login = f"{root.removesuffix(PAGES)}/api/v2/auth/login?{urlencode({'next': str(request.url)})}"
    known = {"title": _TOLD.get(status, "Not possible"), "said": said, "status_code": status, "login": login}
    known["report_id"] = request.query_params.get("report_id")
    text = page("told.html.jinja", root=root, query={}, **known)
    return HTMLResponse(text, status_code=status, headers=_SAFE)
