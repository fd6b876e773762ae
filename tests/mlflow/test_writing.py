"""Entries in a tracking store of MLflow's own, a SQLite file."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_ml_monitor.errors import ConfigurationError, TrackingError
from airflow_ml_monitor.mlflow import Entry, Server, Target, log_entry
from airflow_ml_monitor.results import CheckResult, Report
from airflow_ml_monitor.window import Window

WEEK = Window("2013-02-04T00:00:00Z", "2013-02-11T00:00:00Z")
DAY = timedelta(days=1)


def report(value: float = 0.3, *, window: Window = WEEK, columns: int = 1, **changes: Any) -> Report:
    limits = (None, 0.1)
    results = tuple(
        CheckResult(
            check="distribution",
            metric="ks",
            column=f"x{number}",
            value=value,
            limits=limits,
            status="fail" if value > 0.1 else "pass",
        )
        for number in range(columns)
    )
    return Report(
        **{"kind": "drift", "model": "m", "window": window, "as_of": window.end, "results": results, **changes}
    )


def next_week(value: float = 0.3) -> Report:
    return report(value, window=Window(WEEK.end, WEEK.end + 7 * DAY))


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a SQLite tracking store, whose experiments have their files beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        folder = tmp_path_factory.mktemp("tracking")
        patch.chdir(folder)  # where an experiment says nothing of its files, they go below the folder of the process
        client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
        client.files = folder
        yield client


@pytest.fixture
def experiment(tracking: Any) -> str:
    name = uuid.uuid4().hex
    tracking.create_experiment(name, artifact_location=(tracking.files / name).as_uri())
    return name


@pytest.fixture
def run_id(tracking: Any, experiment: str) -> str:
    found: str = tracking.create_run(tracking.get_experiment_by_name(experiment).experiment_id).info.run_id
    return found


@pytest.fixture
def server(tracking: Any) -> Server:
    return Server(uri=tracking.tracking_uri)


def history(tracking: Any, run_id: str, name: str = "drift/x0/distribution.ks") -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in tracking.get_metric_history(run_id, name)]


def files(tracking: Any, run_id: str, folder: str = "ml_monitor/drift") -> list[str]:
    return [Path(one.path).name for one in tracking.list_artifacts(run_id, folder)]


def test_a_run_has_the_metrics_the_verdict_and_both_files(tracking: Any, server: Server, run_id: str) -> None:
    entry = Entry(report=report(), report_id="42")
    log_entry(entry, Target(run_id=run_id), server, page="<!doctype html>")
    run = tracking.get_run(run_id)
    assert run.data.metrics == entry.metrics()
    assert entry.tags().items() <= run.data.tags.items()
    assert files(tracking, run_id) == ["20130211T000000Z_42.html", "20130211T000000Z_42.json"]


def test_it_says_where_the_run_is(tracking: Any, server: Server, run_id: str) -> None:
    logged = log_entry(Entry(report=report()), Target(run_id=run_id), server)
    assert logged.path == f"#/experiments/{tracking.get_run(run_id).info.experiment_id}/runs/{run_id}"


def test_the_file_gives_the_report_back(tracking: Any, server: Server, run_id: str) -> None:
    log_entry(Entry(report=report(), report_id="42"), Target(run_id=run_id), server)
    path = tracking.download_artifacts(run_id, "ml_monitor/drift/20130211T000000Z_42.json")
    assert Report.from_dict(json.loads(Path(path).read_text())) == report()


def test_the_file_is_json_whatever_was_found_and_has_no_secrets(tracking: Any, server: Server, run_id: str) -> None:
    odd = CheckResult(check="own", metric="own", status="error", detail={"mean": math.nan, "max": math.inf})
    told = report(results=(odd,), config={"suite": {"api_key": "s3cret", "url": "postgresql://ann:s3cret@db/x"}})
    log_entry(Entry(report=told, report_id="42"), Target(run_id=run_id), server)
    text = Path(tracking.download_artifacts(run_id, "ml_monitor/drift/20130211T000000Z_42.json")).read_text()
    assert "s3cret" not in text
    plain = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert plain["results"][0]["detail"] == {"mean": "nan", "max": "inf"}


def test_writing_it_again_changes_nothing(tracking: Any, server: Server, run_id: str) -> None:
    for _ in range(2):
        log_entry(Entry(report=report(), report_id="42"), Target(run_id=run_id), server)
    assert history(tracking, run_id) == [(1360540800, 0.3)]
    assert len(files(tracking, run_id)) == 1


def test_windows_are_a_timeline_whatever_the_order_they_were_judged_in(
    tracking: Any, server: Server, experiment: str
) -> None:
    target = Target(experiment=experiment)
    later = log_entry(Entry(report=next_week(0.05)), target, server)
    earlier = log_entry(Entry(report=report(0.3, as_of=WEEK.end + 30 * DAY)), target, server)
    assert earlier == later
    assert sorted(history(tracking, later.run_id)) == [(1360540800, 0.3), (1361145600, 0.05)]
    run = tracking.get_run(later.run_id)
    assert run.data.metrics["drift/x0/distribution.ks"] == 0.05
    assert run.data.tags["ml_monitor.drift.status"] == "pass"


def test_a_window_judged_again_shows_what_is_known_now(tracking: Any, server: Server, run_id: str) -> None:
    for value, known in ((0.3, WEEK.end), (0.05, WEEK.end + DAY)):
        log_entry(Entry(report=report(value, as_of=known)), Target(run_id=run_id), server)
    run = tracking.get_run(run_id)
    assert run.data.metrics["drift/x0/distribution.ks"] == 0.05
    assert run.data.tags["ml_monitor.drift.status"] == "pass"


def test_an_experiment_has_one_run_for_each_model_and_version(tracking: Any, server: Server, experiment: str) -> None:
    target = Target(experiment=experiment)
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"model_version": "2"},
        {"environment": "staging"},
        {"kind": "data_quality"},
    )
    first, version, environment, kind = (
        log_entry(Entry(report=report(**change)), target, server).run_id for change in changes
    )
    assert len({first, version, environment}) == 3
    assert kind == first
    runs = tracking.search_runs([tracking.get_experiment_by_name(experiment).experiment_id])
    assert {(run.info.run_name, run.info.status) for run in runs} == {
        ("m prod", "FINISHED"),
        ("m 2 prod", "FINISHED"),
        ("m staging", "FINISHED"),
    }


def test_of_two_runs_made_at_the_same_moment_the_older_stays(
    tracking: Any, server: Server, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    rivals: list[str] = []

    class Client(mlflow.MlflowClient):  # type: ignore[misc]
        """Another task makes its run just before this one does."""

        def create_run(self, experiment_id: str, **given: Any) -> Any:
            rivals.append(super().create_run(experiment_id, start_time=1, **given).info.run_id)
            return super().create_run(experiment_id, **given)

    monkeypatch.setattr(mlflow, "MlflowClient", Client)
    logged = log_entry(Entry(report=report()), Target(experiment=experiment), server)
    runs = tracking.search_runs([tracking.get_experiment_by_name(experiment).experiment_id])
    assert [logged.run_id] == rivals == [run.info.run_id for run in runs]


def test_more_metrics_than_one_request_takes_are_all_there(tracking: Any, server: Server, run_id: str) -> None:
    log_entry(Entry(report=report(columns=1_200)), Target(run_id=run_id), server)
    assert sum("/x" in name for name in tracking.get_run(run_id).data.metrics) == 1_200


def test_names_that_only_look_alike_are_all_there(tracking: Any, server: Server, run_id: str) -> None:
    columns = ["a b", "a/b", "a:b", "a\nb", "..", "é", " a"]
    found = [CheckResult(check="rows", metric="rows", column=c, value=n, status="pass") for n, c in enumerate(columns)]
    log_entry(Entry(report=Report(kind="data_quality", results=tuple(found))), Target(run_id=run_id), server)
    values = [value for name, value in tracking.get_run(run_id).data.metrics.items() if name.endswith("/rows")]
    assert sorted(values) == list(range(len(columns)))


@pytest.fixture
def model(tracking: Any, run_id: str) -> str:
    """A registered model whose version 1, by the alias champion, is of a run."""
    name = f"model-{uuid.uuid4().hex[:8]}"
    tracking.create_registered_model(name)
    tracking.create_model_version(name, f"runs:/{run_id}/model", run_id)
    tracking.set_registered_model_alias(name, "champion", "1")
    return name


@pytest.mark.parametrize("named", [{"version": "1"}, {"alias": "champion"}, {}], ids=["version", "alias", "of_report"])
def test_a_version_has_the_verdict_and_its_run_the_metrics(
    tracking: Any, server: Server, model: str, run_id: str, named: dict[str, str]
) -> None:
    entry = Entry(report=report(model_version="1"), report_id="42", link="http://log")
    logged = log_entry(entry, Target(registered_model=model, **named), server)
    assert (logged.run_id, logged.version) == (run_id, "1")
    assert tracking.get_model_version(model, "1").tags == {
        "ml_monitor.drift.status": "fail",
        "ml_monitor.drift.window": "2013-02-04T00:00:00+00:00/2013-02-11T00:00:00+00:00",
        "ml_monitor.drift.as_of": "2013-02-11T00:00:00+00:00",
        "ml_monitor.drift.report_id": "42",
        "ml_monitor.drift.link": "http://log",
        "ml_monitor.drift.summary": entry.report.summary(),
        "ml_monitor.drift.mlflow_run_id": run_id,
    }
    assert history(tracking, run_id) == [(1360540800, 0.3)]


def test_metrics_of_a_version_may_go_to_a_run_that_the_version_names(
    tracking: Any, server: Server, model: str, run_id: str, experiment: str
) -> None:
    logged = log_entry(
        Entry(report=report()), Target(registered_model=model, version="1", experiment=experiment), server
    )
    assert logged.run_id != run_id
    assert history(tracking, run_id) == []
    assert tracking.get_model_version(model, "1").tags["ml_monitor.drift.mlflow_run_id"] == logged.run_id


def test_an_earlier_window_leaves_the_verdict_on_a_version(tracking: Any, server: Server, model: str) -> None:
    target = Target(registered_model=model, version="1")
    log_entry(Entry(report=next_week(0.05)), target, server)
    log_entry(Entry(report=report(0.3)), target, server)
    assert tracking.get_model_version(model, "1").tags["ml_monitor.drift.status"] == "pass"


def test_a_version_without_a_run_asks_for_an_experiment(tracking: Any, server: Server) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    tracking.create_registered_model(name)
    tracking.create_model_version(name, (tracking.files / "model").as_uri())
    with pytest.raises(ConfigurationError, match=f"version 1 of the registered model '{name}' has no run of its own"):
        log_entry(Entry(report=report()), Target(registered_model=name, version="1"), server)


def test_a_model_without_a_version_asks_for_one(server: Server) -> None:
    with pytest.raises(ConfigurationError, match="which version of the registered model 'm'"):
        log_entry(Entry(report=report()), Target(registered_model="m"), server)


def test_what_mlflow_refuses_is_one_sentence(server: Server) -> None:
    with pytest.raises(TrackingError, match=r"^MLflow at sqlite:///.*Run with id=nowhere not found") as refused:
        log_entry(Entry(report=report()), Target(run_id="nowhere"), server)
    assert "\n" not in str(refused.value)


def test_an_experiment_that_is_not_there_is_made(tracking: Any, server: Server) -> None:
    name = uuid.uuid4().hex
    logged = log_entry(Entry(report=replace(report(), model="new")), Target(experiment=name), server)
    assert tracking.get_run(logged.run_id).info.experiment_id == tracking.get_experiment_by_name(name).experiment_id
