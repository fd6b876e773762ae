"""How each kind of chart looks: Vega-Lite specifications, made by Altair, without the rows."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.rendering.charts import SIDES, Kind

if TYPE_CHECKING:
    import altair as alt

ROWS = "rows"
"""Name of the data set that a specification is completed with."""

REFERENCE, CURRENT, LIMIT = "#6b7f99", "#e0701a", "#c92a2a"
STATUS_COLORS = {"pass": "#2b8a3e", "warn": "#b08400", "fail": "#c92a2a", "insufficient": "#6b7f99", "error": "#862e9c"}
_SHAPES = {"pass": "circle", "warn": "triangle-up", "fail": "square", "insufficient": "diamond", "error": "cross"}


@functools.cache
def spec(kind: Kind) -> dict[str, Any]:
    """Return the Vega-Lite specification of a kind of chart; not to be changed.

    :raises ConfigurationError: Altair is not installed.
    """
    altair()
    made = {
        "histogram": _histogram,
        "levels": _levels,
        "intervals": _intervals,
        "calibration": _calibration,
        "confusion": _confusion,
    }
    drawn = made[kind]().to_dict()
    return {name: value for name, value in drawn.items() if name != "config"}


def vega_lite_version() -> str:
    """Return major and minor version of the Vega-Lite that the specifications are written in: ``6.1``."""
    return ".".join(str(altair().SCHEMA_VERSION).removeprefix("v").split(".")[:2])


def altair() -> Any:
    """Return the module Altair.

    :raises ConfigurationError: it is not installed.
    """
    try:
        import altair as found
    except ImportError as error:
        raise ConfigurationError(_MISSING.format(package="altair")) from error
    return found


def vl_convert() -> Any:
    """Return the module vl-convert, which draws without a browser and brings Vega's JavaScript.

    :raises ConfigurationError: it is not installed.
    """
    try:
        import vl_convert as found
    except ImportError as error:
        raise ConfigurationError(_MISSING.format(package="vl-convert-python")) from error
    return found


_MISSING = "charts need {package}, which is not installed; install airflow-ml-monitor[report]"


def _chart() -> alt.Chart:
    import altair as alt

    return alt.Chart(alt.NamedData(ROWS))


def _sides() -> Any:
    import altair as alt

    colors = alt.Scale(domain=list(SIDES), range=[REFERENCE, CURRENT])
    return alt.Color("side:N", scale=colors, title=None, legend=alt.Legend(orient="top"))


def _histogram() -> Any:
    import altair as alt

    bins = alt.X("bin:O", sort=alt.SortField("place"), title=None).axis(labelAngle=-45, labelOverlap=True)
    shares = alt.Y("share:Q", title="share of rows").axis(format=".0%")
    side = alt.XOffset("side:N", sort=list(SIDES))
    tip = ["bin:N", "side:N", alt.Tooltip("share:Q", format=".2%")]
    drawn = _chart().mark_bar().encode(x=bins, xOffset=side, y=shares, color=_sides(), tooltip=tip)
    return drawn.properties(width="container")


def _levels() -> Any:
    import altair as alt

    levels = alt.Y("level:N", sort=alt.SortField("place"), title=None).axis(labelLimit=160)
    shares = alt.X("share:Q", title="share of rows").axis(format=".0%")
    side = alt.YOffset("side:N", sort=list(SIDES))
    tip = ["level:N", "side:N", alt.Tooltip("share:Q", format=".2%")]
    drawn = _chart().mark_bar().encode(y=levels, yOffset=side, x=shares, color=_sides(), tooltip=tip)
    return drawn.properties(width="container")


def _intervals() -> Any:
    import altair as alt

    rows = alt.Y("rows:N", sort=alt.SortField("place"), title=None).axis(labelLimit=160)
    known = list(STATUS_COLORS)
    color = alt.Color("status:N", legend=None).scale(domain=known, range=[STATUS_COLORS[name] for name in known])
    shape = alt.Shape("status:N", legend=None).scale(domain=known, range=[_SHAPES[name] for name in known])
    numbers = [alt.Tooltip(f"{name}:Q", format=".4~g") for name in ("value", "lower", "upper")]
    base = _chart().encode(y=rows, tooltip=["rows:N", "status:N", *numbers])
    lines = base.mark_rule(strokeWidth=2, clip=True).encode(
        x=alt.X("lower:Q", title=None).scale(zero=False), x2="upper:Q", color=color
    )
    points = base.mark_point(filled=True, size=70, opacity=1, clip=True).encode(x="value:Q", color=color, shape=shape)
    limits = (
        base.transform_fold(["lower_limit", "upper_limit"], as_=["which", "limit"])
        .transform_filter("isValid(datum.limit)")
        .mark_tick(color=LIMIT, thickness=2, size=18)
        .encode(x=alt.X("limit:Q", title=None), tooltip=["rows:N", alt.Tooltip("limit:Q", format=".4~g")])
    )
    return alt.layer(lines, limits, points).properties(width="container")


def _calibration() -> Any:
    import altair as alt

    across = alt.X("mean_score:Q", title="mean score").scale(domain=[0, 1])
    up = alt.Y("share_positive:Q", title="share of positives").scale(domain=[0, 1])
    tip = [*(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("mean_score", "share_positive")), "rows:Q"]
    curve = _chart().mark_line(point=True, color=CURRENT).encode(x=across, y=up, tooltip=tip)
    ends = alt.InlineData(values=[{"at": 0}, {"at": 1}])
    equal = alt.Chart(ends).mark_line(color=REFERENCE, strokeDash=[4, 4]).encode(x="at:Q", y="at:Q")
    return alt.layer(equal, curve).properties(width="container")


def _confusion() -> Any:
    import altair as alt

    base = _chart().encode(
        x=alt.X("answer:N", sort=None, title="answer").axis(orient="top", labelAngle=0),
        y=alt.Y("truth:N", sort=None, title="truth"),
        tooltip=["truth:N", "answer:N", "rows:Q", alt.Tooltip("share_of_truth:Q", format=".1%")],
    )
    shade = alt.Color("share_of_truth:Q", legend=None).scale(domain=[0, 1], range=["#f3f6fa", "#2f6db5"])
    dark = alt.condition("datum.share_of_truth > 0.55", alt.value("white"), alt.value("#1b1f24"))
    counts = base.mark_text().encode(text=alt.Text("rows:Q", format=","), color=dark)
    return alt.layer(base.mark_rect().encode(color=shade), counts).properties(width="container")
