"""Artifacts that are damaged in any place are no more than a reason why there is no model."""

import contextlib
import io
import tarfile
import uuid
from typing import Literal

import pytest
from moto.backends import get_backend

from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.serving import artifact
from sagemaker_tuning.local.serving.failures import ServingError

MODEL = bytes(range(32, 127)) * 50


def archive(mode: Literal["w:gz", "w:bz2", "w:xz", "w"]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        member = tarfile.TarInfo("./xgboost-model")
        member.size = len(MODEL)
        tar.addfile(member, io.BytesIO(MODEL))
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "w"])
def test_damage_is_a_reason(mode: Literal["w:gz", "w:bz2", "w:xz", "w"]) -> None:
    """Of every kind of archive: cut off anywhere, or with some other byte in any place."""
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    s3 = get_backend("s3")[ACCOUNT_ID]["aws"]
    s3.create_bucket(bucket, "us-east-1")
    container = {"ModelDataUrl": f"s3://{bucket}/model.tar.gz"}
    whole = archive(mode)
    s3.put_object(bucket, "model.tar.gz", whole)
    assert artifact.load(container) == MODEL
    for place in range(0, len(whole), max(1, len(whole) // 100)):
        flipped = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        for damaged in (whole[:place], flipped):
            s3.put_object(bucket, "model.tar.gz", damaged)
            with contextlib.suppress(ServingError):
                assert artifact.load(container)
