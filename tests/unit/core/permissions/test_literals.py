"""What arguments say before a task runs."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_tuning.core.permissions.literals import WILDCARD, Literals, Place, rendered


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ params.bucket }}", "mine"),
        ("s3://{{ params.bucket }}/{{ params['prefix'] }}/train", "s3://mine/churn/train"),
        ("s3://{{ params.bucket }}/{{ ds }}/", f"s3://mine/{WILDCARD}/"),
        ("{{ params.bucket | lower }}", WILDCARD),
        ("{{ params.absent }}", WILDCARD),
        ("{% if a %}b{% endif %}", f"{WILDCARD}b{WILDCARD}"),
        ("{{ params.rates }}", None),
        ({"a": ["{{ params.jobs }}", 1]}, {"a": [3, 1]}),
    ],
)
def test_params_are_known_and_the_rest_is_not(template: Any, expected: Any) -> None:
    """Defaults of params stand where templates ask for them; for the rest there are wildcards."""
    params = {"bucket": "mine", "prefix": "churn", "rates": None, "jobs": 3}
    assert rendered(template, params) == expected


def test_places_are_told_apart_by_their_keys() -> None:
    """Input, output and checkpoints, in whichever document; each once."""
    literals = Literals()
    source = {"DataSource": {"S3DataSource": {"S3Uri": "s3://b/in/"}}}
    definition = {
        "InputDataConfig": [source, source],
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        "CheckpointConfig": {"S3Uri": "s3://b/kept"},
    }
    literals.read({"training_job_definitions": [definition], "data": "s3://b/test"})
    literals.read({"s3_output_path": "s3://b/scores"})
    assert list(literals.inputs) == [Place("b", "in/"), Place("b", "test")]
    assert list(literals.outputs) == [Place("b", "out")]
    assert list(literals.predictions) == [Place("b", "scores")]
    assert list(literals.checkpoints) == [Place("b", "kept")]


def test_what_only_a_run_knows_is_there_all_the_same() -> None:
    """Beside what is known, so that it is not left out unsaid; also all of a definition."""
    literals = Literals()
    literals.read({"role": WILDCARD, "data": f"{WILDCARD}/test"})
    assert list(literals.roles) == [WILDCARD]
    assert list(literals.inputs) == [Place(WILDCARD, "")]
    literals = Literals()
    literals.read({"training_job_definition": WILDCARD})
    assert list(literals.roles) == list(literals.images) == [WILDCARD]
    assert list(literals.inputs) == list(literals.outputs) == [Place(WILDCARD, "")]
