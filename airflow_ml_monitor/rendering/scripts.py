"""The JavaScript of a page: Vega with its library inlined, the specifications, and the rows of the charts."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from markupsafe import Markup

from airflow_ml_monitor.rendering.charts import Chart, Kind
from airflow_ml_monitor.rendering.specs import spec, vega_lite_version, vl_convert
from airflow_ml_monitor.store.plain import plain_json

_SHARED = "window.vegaEmbed = vegaEmbed;\n"
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Scripts:
    """What a page with charts carries; each is safe between ``<script>`` and ``</script>``.

    :param library: Vega; empty where the page loads it from ``address``, which its policy allows by ``nonce``.
    """

    data: Markup
    library: Markup
    draw: Markup
    address: str = ""
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def sources(self) -> str:
        """The scripts that the page may run."""
        return f"{sources(self.draw)} 'nonce-{self.nonce}'" if self.address else sources(self.library, self.draw)


def scripts(charts: Sequence[Chart], *, address: str = "") -> Scripts | None:
    """Return the scripts that draw these charts; ``None`` where there are none.

    :param address: of ``site_script()``, where the page need not be self-contained.
    :raises ConfigurationError: without an address: Altair or vl-convert is not installed.
    """
    if not charts:
        return None
    kept = ("kind", "height", "domain", "names", "rows")
    known: dict[str, object] = {"charts": [{name: getattr(chart, name) for name in kept} for chart in charts]}
    if not address:
        known["specs"] = {chart.kind: spec(chart.kind) for chart in charts}
    draw = _safe((_HERE / "report.js").read_text("utf-8"))
    return Scripts(_safe(_json(known)), Markup() if address else _library(), draw, address)


def site_script() -> str:
    """Return what draws the charts of all reports of a site: Vega's library, and the specification of each kind.

    Making it takes seconds, in which no other thread of the process runs: vl-convert does not let go of Python's lock.

    :raises ConfigurationError: Altair or vl-convert is not installed.
    """
    return f"{_library()}\nwindow.chartSpecs = {_json({kind: spec(kind) for kind in get_args(Kind)})};\n"


def sources(*scripts: str) -> str:
    """Name scripts by their digests in a page's content security policy: no other one, and no text as a program."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


@functools.cache
def _library() -> Markup:
    bundle = vl_convert().javascript_bundle(_SHARED, vl_version=vega_lite_version())
    return _safe(bundle)


def _json(known: object) -> str:
    """Return JSON that is JavaScript too, and HTML without elements."""
    return json.dumps(plain_json(known), separators=(",", ":"), allow_nan=False).replace("<", r"\u003c")


def _safe(script: str) -> Markup:
    r"""Return a script in which nothing ends the element it stands in: in a text ``\/`` is ``/``."""
    return Markup(re.sub(r"<(/script|!--)", r"<\\\1", script, flags=re.IGNORECASE))
