"""Records of an input object, in the batches in which the model gets them."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sagemaker_tuning.local.transform.failures import InputError
from sagemaker_tuning.local.wire import Document

MEBIBYTE = 2**20
_LINE_ENDS = b"\r\n"

Batch = list[bytes]
"""Whole records, without the ends of their lines where they are lines."""


class Records:
    """How the records of a transform job's input are told apart and put together.

    Blank lines are no records.

    Args:
        request: the transform job's.
        payload: `MaxPayloadInMB` where the request has none, from 1.
    """

    def __init__(self, request: Document, payload: int = 6) -> None:
        source = request["TransformInput"]
        self._compressed = source.get("CompressionType") == "Gzip"
        self.are_lines = source.get("SplitType") == "Line"
        self.strategy = request.get("BatchStrategy", "MultiRecord")
        self.payload = request.get("MaxPayloadInMB", payload)

    def batches(self, path: Path) -> Iterator[Batch]:
        """The batches of a file, of one record at least; no more than one is held at a time.

        Raises:
            InputError: it has no records, or too large a one, or is not compressed as it should be.
        """
        found = False
        with path.open("rb") as file, self._content(file) as content:
            batches = self._of_lines(content) if self.are_lines else self._whole(content)
            for batch in batches:
                found = True
                yield batch
        if not found:
            raise InputError("The object has no records")

    @contextmanager
    def _content(self, file: BinaryIO) -> Iterator[BinaryIO]:
        if not self._compressed:
            yield file
            return
        try:
            with gzip.GzipFile(fileobj=file) as content:
                yield content  # type: ignore[misc]
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(f"Failed to decompress the object as Gzip: {error}") from error

    def _whole(self, content: BinaryIO) -> Iterator[Batch]:
        record = content.read(self._most + 1)
        self._require_fitting(record)
        if record:
            yield [record]

    def _of_lines(self, content: BinaryIO) -> Iterator[Batch]:
        batch: Batch = []
        size = 0
        while line := content.readline(self._most + 1):
            self._require_fitting(line.rstrip(_LINE_ENDS))
            if not line.strip():
                continue
            if batch and (size + len(line) > self._most or self.strategy == "SingleRecord"):
                yield batch
                batch, size = [], 0
            batch.append(line.rstrip(_LINE_ENDS))
            size += len(line)
        if batch:
            yield batch

    @property
    def _most(self) -> int:
        most: int = self.payload * MEBIBYTE
        return most

    def _require_fitting(self, record: bytes) -> None:
        if len(record) > self._most:
            raise InputError(f"A record is larger than MaxPayloadInMB allows, {self.payload} MB")
