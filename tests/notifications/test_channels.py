"""The notifiers of the docs, through their real providers, to a server on loopback: what arrives there."""

from __future__ import annotations

import asyncio
import copy
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from airflow_ml_monitor import CheckResult, Report
from airflow_ml_monitor.notifications.verdict import VerdictNotifier
from tests.airflow_runs import Run
from tests.notifications.test_verdict_notifier import failing, judge

for provider in ("slack", "pagerduty", "apprise"):
    pytest.importorskip(f"airflow.providers.{provider}", reason=f"apache-airflow-providers-{provider} is not installed")

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "messages.md").read_text()
CHANNELS = ("webhook", "app", "pager", "chat")


class Server(ThreadingHTTPServer):
    """Takes what a channel's servers take, and answers as they do."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Taking(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append(found)
        answer = b"ok" if "services" in self.path else json.dumps({"ok": True, "dedup_key": "key"}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as found:
        connections = {
            "SLACK_WEBHOOK": {"conn_type": "slackwebhook", "host": f"{found.url}/services", "password": "T/B/x"},
            "SLACK_APP": {"conn_type": "slack", "password": "xoxb-1", "extra": {"base_url": f"{found.url}/api/"}},
            "PAGERDUTY": {"conn_type": "pagerduty_events", "password": "k" * 32},
            "APPRISE": {"conn_type": "apprise", "extra": {"config": {"path": f"json://127.0.0.1:{found.server_port}"}}},
        }
        for name, connection in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))
        lead_pagerduty_to(found.url, monkeypatch)
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def lead_pagerduty_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change the address its hooks send to, which is fixed, and nothing else of them."""
    import pagerduty
    from airflow.providers.pagerduty.hooks.pagerduty_events import PagerdutyEventsAsyncHook

    made = PagerdutyEventsAsyncHook.__init__

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.base_url = url

    monkeypatch.setattr(PagerdutyEventsAsyncHook, "__init__", make)
    at = property(lambda _: url, lambda *_: None)  # it takes https alone
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "url", at)


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    """What the snippets of the docs define."""
    space: dict[str, Any] = {"__name__": "docs"}
    for code in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[:4]:
        exec(compile(code, "messages.md", "exec"), space)
    return space


def called(notifier: VerdictNotifier) -> VerdictNotifier:
    return notifier


def awaited(notifier: VerdictNotifier) -> Callable[[Report, Any], None]:
    def tell(_: Report, context: Any) -> None:
        async def run() -> None:
            one = copy.copy(notifier)
            one.context = {**context}
            await one

        asyncio.run(run())

    return tell


def words(payload: dict[str, Any]) -> str:
    """The text of a message, whichever channel it went through."""
    if "payload" in payload:
        return str(payload["payload"]["custom_details"]["summary"])
    return str(payload.get("text") or payload["message"])


def well() -> list[CheckResult]:
    return failing(status="pass")


class TestArriving:
    @pytest.mark.parametrize("how", [called, awaited])
    @pytest.mark.parametrize("channel", CHANNELS)
    def test_reasons_and_link_arrive_once(
        self, server: Server, documented: dict[str, Any], channel: str, how: Callable[[VerdictNotifier], Any]
    ) -> None:
        runs: list[Run] = []
        for week in (0, 1):
            runs.append(judge(f"ch_{channel}_{how.__name__}", failing, week=week, on_verdict=how(documented[channel])))
        (payload,) = server.taken
        said = words(payload)
        for part in ("distribution[distance]", "ks 0.14, upper limit 0.1", "moved to the right", runs[0].run_id):
            assert part in said

    def test_slack_gets_its_own_markup_and_a_link(self, server: Server, documented: dict[str, Any]) -> None:
        run = judge("ch_markup", failing, on_verdict=documented["webhook"])
        (payload,) = server.taken
        assert "*✖ m drift: FAIL*" in payload["text"]
        assert re.search(
            rf"<http://[^|>]+/ml-monitor/reports/{run.xcom('drift')['report_id']}\|Report>", payload["text"]
        )

    def test_slack_is_told_what_is_new(self, server: Server, documented: dict[str, Any]) -> None:
        for week, checks in enumerate((failing, lambda: failing("carrier"), well)):
            judge("ch_news", checks, week=week, on_verdict=documented["webhook"])
        heads = [each["text"].splitlines()[:2] for each in server.taken]
        assert heads[0][0] == "*✖ m drift: FAIL*"
        assert heads[1:] == [["*Changed*", "*✖ m drift: FAIL*"], ["*Recovered*", "*✔ m drift: PASS*"]]

    def test_pagerduty_gets_one_alert_and_its_end(self, server: Server, documented: dict[str, Any]) -> None:
        weeks = enumerate((failing, failing, well))
        runs = [judge("ch_incident", checks, week=week, on_verdict=documented["pager"]) for week, checks in weeks]
        assert [each["event_action"] for each in server.taken] == ["trigger", "resolve"]
        assert {each["dedup_key"] for each in server.taken} == {"prod/m/drift/ch_incident.drift"}
        first = server.taken[0]
        assert first["payload"]["summary"] == "FAIL: m drift"
        assert first["payload"]["source"] == "ch_incident.drift"
        (link,) = first["links"]
        assert re.fullmatch(rf"http://.+/ml-monitor/reports/{runs[0].xcom('drift')['report_id']}", link["href"])

    def test_apprise_gets_title_and_text(self, server: Server, documented: dict[str, Any]) -> None:
        judge("ch_apprise", failing, on_verdict=documented["chat"])
        (payload,) = server.taken
        assert payload["title"] == "FAIL: m drift"


class TestLimits:
    def test_a_slack_message_fits_a_block_and_formats_nothing_of_data(
        self, server: Server, documented: dict[str, Any]
    ) -> None:
        nasty = "<!channel> & *b* " * 40
        block = copy.copy(documented["webhook"])
        block.send = copy.copy(block.send)
        block.send.blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "{{ verdict.slack }}"}}]
        judge(
            "ch_long",
            lambda: [check for place in range(50) for check in failing(f"c{place}", message=nasty)],
            on_verdict=block,
        )
        (payload,) = server.taken
        said = payload["blocks"][0]["text"]["text"]
        assert said == payload["text"]
        assert 1_500 < len(said) <= 3_000
        assert "<!channel>" not in said
        assert re.search(r"^• and 4\d more$", said, re.MULTILINE)
        assert "|Report>" in said

    def test_a_check_too_long_for_a_message_leaves_status_and_link(
        self, server: Server, documented: dict[str, Any]
    ) -> None:
        judge("ch_longest", lambda: failing("&" * 2_000), on_verdict=documented["webhook"])
        (payload,) = server.taken
        assert payload["text"].startswith("FAIL: m drift\nm drift for ")
        assert "|Report>" in payload["text"]

    def test_a_long_scope_is_a_key_that_pagerduty_takes(self, server: Server, documented: dict[str, Any]) -> None:
        for last in "ab":
            pager = copy.copy(documented["pager"])
            pager.scope = "s" * 300 + last
            judge("ch_scope", failing, on_verdict=pager)
        keys = {each["dedup_key"] for each in server.taken}
        assert len(keys) == 2
        assert max(map(len, keys)) <= 255


class TestNotSent:
    @pytest.mark.parametrize("channel", ["webhook", "app", "pager"])
    def test_what_a_server_refused_is_told_with_the_next_verdict(
        self, server: Server, documented: dict[str, Any], channel: str
    ) -> None:
        server.status = 400
        run = judge(f"ch_refused_{channel}", failing, on_verdict=documented[channel])
        assert run.xcom("drift")["status"] == "fail", "the verdict stands"
        refused = len(server.taken)
        server.status = 200
        judge(f"ch_refused_{channel}", failing, week=1, on_verdict=documented[channel])
        assert len(server.taken) == refused + 1
