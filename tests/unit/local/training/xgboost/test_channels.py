"""Channels, content types and files."""

from pathlib import Path

import pytest

from sagemaker_tuning.local.training.container import Channel
from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost import channels


@pytest.mark.parametrize(
    ("content_type", "file_format"),
    [
        (None, "libsvm"),
        ("libsvm", "libsvm"),
        ("text/libsvm", "libsvm"),
        ("text/x-libsvm ;charset=utf8", "libsvm"),
        ("csv", "csv"),
        ("text/csv", "csv"),
        ("Text/CSV; label_size=1", "csv"),
        ("text/csv;label_size = 1; charset=utf-8", "csv"),
    ],
)
def test_content_types(content_type: str | None, file_format: str) -> None:
    """The default is libsvm; parameters may follow."""
    assert channels.file_format(content_type) == file_format


@pytest.mark.parametrize(
    ("content_type", "told"),
    [
        ("application/json", "application/json is not an accepted ContentType: csv, text/csv"),
        ("text/csv; label_size=2", "label_size must be equal to 1"),
        ("label_size=1; text/csv", "is not an accepted ContentType"),
        ("application/x-parquet", "is not read by the local SageMaker endpoint"),
    ],
)
def test_other_content_types_are_refused(content_type: str, told: str) -> None:
    """With the content type and what would be right."""
    with pytest.raises(UserError, match=told) as raised:
        channels.file_format(content_type)
    assert content_type in str(raised.value)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["validation"], "Missing required channel: train"),
        (["train", "validate"], "Extraneous channel found: validate"),
    ],
)
def test_channels_are_the_containers(names: list[str], told: str) -> None:
    """``train`` must be there, ``validation`` and ``code`` may."""
    with pytest.raises(UserError, match=told):
        channels.check({name: Channel("csv") for name in names})
    channels.check({name: Channel("csv") for name in ("train", "validation", "code")})


def test_pipe_mode_is_refused() -> None:
    """As the newest containers refuse it."""
    with pytest.raises(UserError, match="Pipe mode is not supported for channel 'train'"):
        channels.check({"train": Channel("csv", input_mode="Pipe")})


def test_data_files_are_found_in_folders(tmp_path: Path) -> None:
    """Down to the third level, sorted, without empty files and markers."""
    for path in ("b", "a", "x/c", "x/y/d", "x/y/z/too-deep", "_SUCCESS", "x/_marker"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("1,2\n")
    (tmp_path / "empty").touch()
    files = channels.data_files(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in files] == ["a", "b", "x/c", "x/y/d"]


def test_a_channel_may_be_a_link(tmp_path: Path) -> None:
    """Training jobs that share data link to it."""
    (tmp_path / "shared" / "part").mkdir(parents=True)
    (tmp_path / "shared" / "part" / "data").write_text("1,2\n")
    channel = tmp_path / "train"
    channel.symlink_to(tmp_path / "shared", target_is_directory=True)
    assert channels.data_files(channel) == [channel / "part" / "data"]


def test_hidden_files_are_refused(tmp_path: Path) -> None:
    """As the container refuses them, even empty ones, with the name."""
    (tmp_path / ".DS_Store").touch()
    with pytest.raises(UserError, match=r"Hidden file found in the data path.*\.DS_Store"):
        channels.data_files(tmp_path)
