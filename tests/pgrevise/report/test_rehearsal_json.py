"""The JSON report keeps to the schema that is published."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from pgrevise.report.rehearsal import render
from tests.pgrevise.conftest import ROOT
from tests.pgrevise.report import samples

SCHEMA = json.loads((ROOT / "docs" / "rehearsal.schema.json").read_text())


@pytest.fixture
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(samples.everything(), "json"))
    return loaded


def validate(document: object) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_the_schema_is_one_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_report_keeps_to_the_schema(document: dict[str, Any]) -> None:
    validate(document)


def test_an_empty_report_keeps_to_the_schema() -> None:
    validate(json.loads(render(samples.of(), "json")))


@pytest.mark.parametrize("name", ["format", "selection", "revisions", "summary"])
def test_nothing_of_a_report_may_be_missing(document: dict[str, Any], name: str) -> None:
    del document[name]
    with pytest.raises(jsonschema.ValidationError):
        validate(document)


def test_nothing_that_is_not_published_is_in_a_report(document: dict[str, Any]) -> None:
    document["revisions"][0]["passages"]["upgrade"]["statements"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        validate(document)


def test_a_revision_has_its_verdicts_in_words(document: dict[str, Any]) -> None:
    revision = document["revisions"][6]
    verdicts = [revision[name] for name in ("upgrade", "downgrade", "second_upgrade")]
    assert verdicts == ["works", "leaves a different schema", "fails"]
    assert revision["differences"] == ["enum mood is new"]


def test_the_summary_counts_all_findings(document: dict[str, Any]) -> None:
    assert document["summary"] == {"error": 5, "warning": 3, "info": 1, "allowed": 1}


def test_a_lock_says_what_it_blocks(document: dict[str, Any]) -> None:
    statements = document["revisions"][1]["passages"]["upgrade"]["statements"]
    assert statements[1]["locks"][0]["mode"] == "SHARE"
    assert statements[1]["locks"][0]["blocks"] == ["writes", "DDL"]
