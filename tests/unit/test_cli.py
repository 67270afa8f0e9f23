"""The console command, apart from the endpoint that it starts."""

import re

import pytest

from sagemaker_tuning import cli


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    """That of the package that is installed, on one line."""
    assert cli.main(["--version"]) == 0
    assert re.fullmatch(r"sagemaker-tuning \d+\.\d+\S*\n", capsys.readouterr().out)


def test_a_command_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With what there is."""
    assert cli.main(["validat"]) == 2
    assert "no command 'validat'" in capsys.readouterr().err
