"""Records: how they are split, put together and kept within a payload."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from sagemaker_tuning.local.transform.failures import InputError
from sagemaker_tuning.local.transform.records import Records

MEBIBYTE = 2**20


def batches(directory: Path, content: bytes, split: str = "Line", **members: Any) -> list[Any]:
    file = directory / "data"
    file.write_bytes(content)
    kept = members.pop("input", {})
    return list(Records({"TransformInput": {"SplitType": split, **kept}, **members}).batches(file))


def test_lines_are_records(tmp_path: Path) -> None:
    """Whatever ends them; blank ones are none, and the last needs no end."""
    content = b"1,2\r\n\n3,4\n  \n5,6"
    assert batches(tmp_path, content) == [[b"1,2", b"3,4", b"5,6"]]
    assert batches(tmp_path, content, BatchStrategy="SingleRecord") == [
        [b"1,2"],
        [b"3,4"],
        [b"5,6"],
    ]


def test_an_object_that_is_not_split_is_one_record(tmp_path: Path) -> None:
    """Byte by byte as it is."""
    content = b"1,2\r\n\n3,4\n"
    assert batches(tmp_path, content, "None") == [[content]]


def test_batches_are_as_large_as_the_payload_allows(tmp_path: Path) -> None:
    """As many whole records as fit, each record once, in their order."""
    lines = [b"%06d," % number + b"x" * 100_000 for number in range(25)]
    found = batches(tmp_path, b"\n".join(lines), MaxPayloadInMB=1)
    assert [len(batch) for batch in found] == [10, 10, 5]
    assert [line for batch in found for line in batch] == lines


@pytest.mark.parametrize("split", ["Line", "None"])
def test_a_record_may_fill_the_payload_and_no_more(tmp_path: Path, split: str) -> None:
    """A byte more is an error that names the limit."""
    content = b"x" * MEBIBYTE
    assert batches(tmp_path, content, split, MaxPayloadInMB=1) == [[content]]
    with pytest.raises(InputError, match="larger than MaxPayloadInMB allows, 1 MB"):
        batches(tmp_path, content + b"x", split, MaxPayloadInMB=1)


@pytest.mark.parametrize("split", ["Line", "None"])
@pytest.mark.parametrize("content", [b"", b"\n \r\n"])
def test_an_object_without_records(tmp_path: Path, split: str, content: bytes) -> None:
    """It is an error: there is nothing that a model could answer to."""
    if split == "None" and content:
        assert batches(tmp_path, content, split) == [[content]]
        return
    with pytest.raises(InputError, match="has no records"):
        batches(tmp_path, content, split)


def test_compressed_objects(tmp_path: Path) -> None:
    """They are decompressed; what is damaged or no such file is an error."""
    content = gzip.compress(b"1,2\n3,4\n")
    compressed = {"CompressionType": "Gzip"}
    assert batches(tmp_path, content, input=compressed) == [[b"1,2", b"3,4"]]
    for damaged in (b"1,2\n", content[:-4], content[:12] + b"\xff" * 8):
        with pytest.raises(InputError, match="Failed to decompress"):
            batches(tmp_path, damaged, input=compressed)


def test_no_more_than_a_payload_is_in_memory(tmp_path: Path) -> None:
    """A small file that unpacks to a large one, in one line, takes what its payload may have."""
    file = tmp_path / "data"
    file.write_bytes(gzip.compress(b"x" * 50 * MEBIBYTE))
    source = {"SplitType": "Line", "CompressionType": "Gzip"}
    records = Records({"TransformInput": source, "MaxPayloadInMB": 1})
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="larger than MaxPayloadInMB"):
            list(records.batches(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * MEBIBYTE
