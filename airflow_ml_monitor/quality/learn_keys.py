"""Columns that identify a row: unique in the reference, and not by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.levels import LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile

if TYPE_CHECKING:
    import pyarrow as pa

    from airflow_ml_monitor.data.dataset import Rows
    from airflow_ml_monitor.profile import Profile

_LEAST_TEXTS = 500
_LEAST_INTEGERS = 100
_SURE_TO_MEET = 12.0
_SURE_TO_MISS = 1e-3
# One word with a digit in it, as ids are: names of people are unique in some references and not in the next.
_IDENTIFIER = r"^[\w.:/+-]*\d[\w.:/+-]*$"


def keys_of(profile: Profile, rows: Rows) -> set[str]:
    """Return the columns of a profile that are keys of the rows it was made of.

    Integers are where so many drawn at random from their range would have met (twelve pairs expected, or more), so that
    unique ones were given, or where none would ever meet. Texts are where each is one word with a digit. Candidates are
    read once more, and all their values held.
    """
    return {name for name in profile.columns if _may_be_key(profile, name) and _is_key(rows, name)}


def _may_be_key(profile: Profile, name: str) -> bool:
    column, kind = profile.columns[name], profile.types[name]
    if column.missing:
        return False
    if isinstance(column, LevelProfile):
        # The number of levels may be an estimate, off by 1 %.
        enough = column.kind is Kind.CATEGORICAL and column.count >= _LEAST_TEXTS
        return enough and "string" in kind.text and column.levels > 0.9 * column.count
    if not isinstance(column, NumericProfile) or "int" not in kind.text or column.count < _LEAST_INTEGERS:
        return False
    width = column.maximum - column.minimum + 1
    pairs = column.count**2 / (2.0 * width)
    return column.count <= width and not _SURE_TO_MISS < pairs < _SURE_TO_MEET


def _is_key(rows: Rows, name: str) -> bool:
    import pyarrow as pa

    chunks = [batch.column(0) for batch in rows.batches([name])]
    values = pa.chunked_array([_decoded(chunk) for chunk in chunks])
    return len(values.unique()) == len(values) and (pa.types.is_integer(values.type) or _are_identifiers(values))


def _decoded(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _are_identifiers(values: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pc.all(pc.match_substring_regex(values.cast(pa.large_string()), _IDENTIFIER)).as_py())
