from __future__ import annotations

from typing import Any

import pytest

from airflow_ml_monitor.store.masking import masked


@pytest.mark.parametrize(
    "key",
    [
        *("password", "PGPASSWORD", "db_passwd", "pwd", "passphrase", "secret", "client_secret", "clientSecret"),
        *("token", "accessToken", "SAS_TOKEN", "api_key", "apiKey", "API-KEY", "apikey", "key", "account_key"),
        *("aws_secret_access_key", "private_key", "credential", "credentials", "auth", "Authorization"),
    ],
)
def test_the_value_of_a_secret_key_is_masked(key: str) -> None:
    assert masked({key: "hunter2"}) == {key: "***"}


@pytest.mark.parametrize(
    "key", ["year", "keys_on", "partition_key", "primary_key", "keyword", "tokenizer", "max_tokens", "author", "path"]
)
def test_other_values_stay(key: str) -> None:
    assert masked({key: "hunter2"}) == {key: "hunter2"}


@pytest.mark.parametrize("value", [{"user": "ann", "value": "hunter2"}, ["ann", "hunter2"], 1234])
def test_whatever_is_under_a_secret_key_is_masked_whole(value: Any) -> None:
    assert masked({"credentials": value}) == {"credentials": "***"}


def test_a_secret_that_is_not_there_is_not_masked() -> None:
    assert masked({"token": None}) == {"token": None}


def test_secrets_are_found_at_every_depth() -> None:
    assert masked({"data": [{"kwargs": {"token": "x", "n": 1}}]}) == {"data": [{"kwargs": {"token": "***", "n": 1}}]}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ftp://ann:hunter2@files/flights.csv", "ftp://ann:***@files/flights.csv"),
        ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
        ("s3://bucket/day=1/a@b:c.parquet", "s3://bucket/day=1/a@b:c.parquet"),
        ("https://host:8080/a@b", "https://host:8080/a@b"),
    ],
)
def test_of_a_url_only_the_password_is_masked(text: str, left: str) -> None:
    assert masked({"url": text}) == {"url": left}
