"""Text columns: what describes a text, which columns are texts, and profiles that merge and are stored."""

from __future__ import annotations

import uuid
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile import Profile, build_reference, profile_like
from airflow_ml_monitor.profile.arrays import level_counts
from airflow_ml_monitor.profile.text import TextCounter, TextProfile, descriptors, looks_like_text

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
WORDS = ["late", "again", "The", "crew", "was", "FRIENDLY", "to", "Zürich", "42", "bags,", "lost!"]


def sentences(count: int, seed: int = 1, words: int = 12) -> pa.Array:
    random = np.random.default_rng(seed)
    chosen = np.array(WORDS)[random.integers(0, len(WORDS), (count, words))]
    return pa.array([" ".join(row) for row in chosen])


def profile_of(texts: pa.Array) -> TextProfile:
    found = build_reference(pa.table({"review": texts}), kinds={"review": "text"}).columns["review"]
    assert isinstance(found, TextProfile)
    return found


class TestDescriptors:
    @pytest.mark.parametrize(
        ("text", "length", "words", "non_letter_share", "upper_share"),
        [
            ("Two words", 9, 2, 0.0, 1 / 9),
            ("ÄÖü, 12!", 8, 2, 4 / 8, 2 / 8),
            ("", 0, 0, 0.0, 0.0),
            (" \n\t ", 4, 0, 0.0, 0.0),
            ("東京 Łódź", 7, 2, 0.0, 1 / 7),
            ("e\u0301tage", 6, 1, 0.0, 0.0),
        ],
    )
    def test_known_texts(self, text: str, length: int, words: int, non_letter_share: float, upper_share: float) -> None:
        found = {name: float(values[0]) for name, values in descriptors(pa.array([text]), "review").items()}
        assert found == pytest.approx(
            {"length": length, "words": words, "non_letter_share": non_letter_share, "upper_share": upper_share}
        )

    @given(st.lists(TEXTS, min_size=1, max_size=5))
    def test_length_and_words_are_python_s(self, texts: list[str]) -> None:
        found = descriptors(pa.array(texts), "review")
        assert found["length"].tolist() == [len(text) for text in texts]
        ascii_space = " \t\n\f\r"
        spaced = ["".join(" " if mark in ascii_space else "x" for mark in text) for text in texts]
        assert found["words"].tolist() == [len(text.split()) for text in spaced]

    @pytest.mark.parametrize(
        "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]
    )
    def test_every_way_to_hold_texts_gives_the_same(self, kind: pa.DataType) -> None:
        plain = pa.array(["One two", None, "", "Größe 3"])
        array = plain.dictionary_encode() if pa.types.is_dictionary(kind) else plain.cast(kind)
        for name, values in descriptors(plain, "review").items():
            np.testing.assert_array_equal(descriptors(array, "review")[name], values)

    def test_bytes_that_are_no_text_are_named(self) -> None:
        with pytest.raises(DataError, match="column 'blob' cannot be read as texts.*kinds="):
            descriptors(pa.array([b"\xff\xfe"]), "blob")


class TestLooksLikeText:
    @staticmethod
    def judged(values: list[str]) -> bool:
        return looks_like_text(*level_counts(pa.array(values)))

    def test_sentences_are_text(self) -> None:
        assert self.judged(sentences(200).to_pylist())

    def test_sentences_of_which_some_repeat_are_text(self) -> None:
        assert self.judged(sentences(150).to_pylist() + ["Nothing to complain about at all"] * 100)

    @pytest.mark.parametrize(
        "values",
        [
            [str(uuid.UUID(int=place * 7919)) for place in range(300)],
            [f"order {place}" for place in range(300)],
            ["very long name of a level"] * 200 + ["another rather long level name"] * 200,
            [f"{first} {last}" for first in ("Anna", "Ben", "Cem") for last in map(str.title, WORDS)] * 3,
            [f"2013-01-{1 + place % 28:02} 10:{place // 28:02}:00 UTC + {place}" for place in range(300)],
            ["Only a few sentences, each of many words"] * 3,
            [],
        ],
        ids=["uuid", "order", "levels", "names", "times", "few", "nothing"],
    )
    def test_levels_names_and_ids_are_not(self, values: list[str]) -> None:
        assert not self.judged(values)

    def test_bytes_are_not(self) -> None:
        assert not looks_like_text(*level_counts(pa.array([bytes([255, place]) for place in range(50)])))


class TestTextProfile:
    def test_it_is_the_numeric_profile_of_each_descriptor(self) -> None:
        texts = pa.concat_arrays([sentences(300), pa.nulls(20, pa.string())])
        profile, found = profile_of(texts), descriptors(texts, "review")
        assert (profile.rows, profile.missing, profile.count) == (320, 20, 300)
        for name, values in found.items():
            assert profile.described[name].moments.mean == pytest.approx(values.mean())
            assert profile.described[name].maximum == values.max()

    def test_longer_texts_show(self) -> None:
        reference = build_reference(pa.table({"review": sentences(300)}), kinds={"review": "text"})
        now = profile_like(reference, pa.table({"review": sentences(300, 2, words=20)})).columns["review"]
        assert isinstance(now, TextProfile)
        assert now.described["words"].moments.mean == 20.0
        assert now.comparable(reference.columns["review"])

    @settings(max_examples=20)
    @given(st.lists(TEXTS | st.none(), min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=3))
    def test_any_grouping_gives_one_profile(self, texts: list[str | None], cuts: list[int]) -> None:
        array = pa.array(texts, pa.string())
        start = profile_of(sentences(100)).empty()
        parts = []
        for first, last in pairwise([0, *sorted(cuts), len(array)]):
            counter = TextCounter(start, "review")
            counter.update(array[first:last])
            parts.append(counter.finish())
        whole = TextCounter(start, "review")
        whole.update(array)
        left = sum(parts[1:], parts[0])
        right = parts[-1]
        for part in reversed(parts[:-1]):
            right = part + right
        for merged in (left, right, start + left):
            self.assert_same(merged, whole.finish())

    @staticmethod
    def assert_same(one: TextProfile, other: TextProfile) -> None:
        """Equal but for the rounding of sums and moments."""
        assert (one.rows, one.missing) == (other.rows, other.missing)
        for name, profile in one.described.items():
            np.testing.assert_array_equal(profile.at, other.described[name].at)
            np.testing.assert_array_equal(profile.between, other.described[name].between)
            np.testing.assert_allclose(profile.sums, other.described[name].sums, rtol=1e-9, atol=1e-9)
            assert profile.moments.mean == pytest.approx(other.described[name].moments.mean, abs=1e-9)

    @settings(max_examples=20)
    @given(st.lists(TEXTS | st.none(), min_size=1, max_size=30))
    def test_bytes_give_the_profile_back(self, texts: list[str | None]) -> None:
        table = pa.table({"review": pa.array(texts, pa.string()), "again/length": pa.array(texts, pa.string())})
        profile = build_reference(table, kinds={"review": "text", "again/length": "text"})
        again = Profile.from_bytes(profile.to_bytes())
        assert again == profile
        assert again.to_bytes() == profile.to_bytes()
        assert again.to_dict() == profile.to_dict()

    def test_profiles_counted_at_different_edges_do_not_merge(self) -> None:
        with pytest.raises(DataError, match="two text profiles were counted at different edges"):
            profile_of(sentences(100)) + profile_of(sentences(100, words=5))

    def test_a_summary_has_no_text_in_it(self) -> None:
        assert not any(word in str(profile_of(sentences(50)).summary()) for word in ("crew", "Zürich", "FRIENDLY"))
