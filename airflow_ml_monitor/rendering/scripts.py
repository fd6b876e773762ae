"""The JavaScript of a page: Vega with its library inlined, the specifications, and the rows of the charts."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from airflow_ml_monitor.rendering.charts import Chart
from airflow_ml_monitor.rendering.specs import spec, vega_lite_version, vl_convert
from airflow_ml_monitor.store.plain import plain_json

_SHARED = "window.vegaEmbed = vegaEmbed;\n"
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Scripts:
    """What a page with charts carries; each is safe between ``<script>`` and ``</script>``."""

    data: Markup
    library: Markup
    draw: Markup

    @property
    def sources(self) -> str:
        """The scripts that the page may run."""
        return sources(self.library, self.draw)


def scripts(charts: Sequence[Chart]) -> Scripts | None:
    """Return the scripts that draw these charts; ``None`` where there are none.

    :raises ConfigurationError: Altair or vl-convert is not installed.
    """
    if not charts:
        return None
    kept = ("kind", "height", "domain", "names", "rows")
    drawn = [{name: getattr(chart, name) for name in kept} for chart in charts]
    specs = {chart.kind: spec(chart.kind) for chart in charts}
    data = json.dumps(plain_json({"specs": specs, "charts": drawn}), separators=(",", ":"), allow_nan=False)
    return Scripts(_safe(data.replace("<", r"\u003c")), _library(), _safe((_HERE / "report.js").read_text("utf-8")))


def sources(*scripts: str) -> str:
    """Name scripts by their digests in a page's content security policy: no other one, and no text as a program."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


@functools.cache
def _library() -> Markup:
    bundle = vl_convert().javascript_bundle(_SHARED, vl_version=vega_lite_version())
    return _safe(bundle)


def _safe(script: str) -> Markup:
    r"""Return a script in which nothing ends the element it stands in: in a text ``\/`` is ``/``."""
    return Markup(re.sub(r"<(/script|!--)", r"<\\\1", script, flags=re.IGNORECASE))
