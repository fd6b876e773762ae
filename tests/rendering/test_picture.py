"""The picture of the summary."""

from __future__ import annotations

import re
import struct

import pytest

from airflow_ml_monitor.errors import ConfigurationError
from tests.store.factories import make_check, make_report


def test_svg_tells_status_model_window_and_reasons() -> None:
    svg = make_report().to_svg()
    for part in ("FAIL flight_delay drift", "2013-02-04T00:00Z to 2013-02-11T00:00Z", "ks 0.14, upper limit 0.1", "✖"):
        assert part in svg


def test_svg_is_of_data_without_markup() -> None:
    svg = make_report(results=(make_check(column="</svg><script>"),)).to_svg()
    assert "<script" not in svg
    assert svg.count("</svg>") == 1


def test_further_reasons_are_counted() -> None:
    svg = make_report(results=tuple(make_check(column=f"c{place}") for place in range(9))).to_svg(most=2)
    assert len(re.findall(r"distribution\[c\d\]", svg)) == 2 * svg.count("c0]")
    assert "and 7 more" in svg


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_png_is_a_small_picture_as_wide_as_asked(scale: float) -> None:
    png = make_report().to_png(scale=scale)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width == pytest.approx(scale * (640 + 2 * 8), abs=2)
    assert height < width / 2
    assert len(png) < 200_000


@pytest.mark.parametrize("scale", [0.0, -1.0, 5.0])
def test_a_scale_out_of_its_range_is_refused(scale: float) -> None:
    with pytest.raises(ConfigurationError, match="must be above 0 and at most 4"):
        make_report().to_png(scale=scale)
