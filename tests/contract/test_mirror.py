"""S3 in a data directory: what was confirmed is there after a kill, and only that."""

import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.contract.aws import DEADLINE_SECONDS, Document
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import example, rows

AWKWARD_KEYS = (
    "plain",
    "plain/below",
    "folder/",
    "a//b/../c/./d",
    ".hidden",
    "space and +plus%20 &?#",
    "ümlaut/日本語/🙂",
    "x" * 1024,
    "quote\"'\\back",
    "two\nlines\r\n",
)


class Kept:
    """An endpoint over a data directory that can be killed and started again."""

    def __init__(self, start: StartEndpoint, directory: Path) -> None:
        self._start = start
        self.directory = directory
        self._begin()
        self.bucket = ""

    @property
    def s3(self) -> Any:
        """A client of the endpoint that runs."""
        return self.aws.s3

    def _begin(self) -> None:
        self.aws, self._process = self._start("--data-dir", str(self.directory))

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)

    def restart(self) -> None:
        """After a SIGKILL, another endpoint over the same directory."""
        self.kill()
        self._begin()

    def new_bucket(self) -> str:
        """Creates a bucket; gives its name."""
        name = f"kept-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=name)
        return name

    def content(self) -> dict[str, bytes]:
        """Every object of the bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return {key: self.aws.read(f"s3://{self.bucket}/{key}") for key in keys}


@pytest.fixture(scope="module")
def shared(start_shared_endpoint: StartEndpoint, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(start_shared_endpoint, tmp_path_factory.mktemp("kept") / "data")


@pytest.fixture
def kept(shared: Kept) -> Kept:
    """With a bucket of the test's own."""
    shared.bucket = shared.new_bucket()
    return shared


def described(answer: Document) -> Document:
    """What an object's HEAD says of the object."""
    names = (
        *("ContentLength", "ContentType", "ETag", "LastModified", "Metadata", "CacheControl"),
        *("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"),
    )
    return {name: answer.get(name) for name in names}


def test_objects_are_as_they_were_whatever_their_keys(kept: Kept) -> None:
    """Content, type, metadata, ETag, time and encryption, of the newest write of each key."""
    for number, key in enumerate(AWKWARD_KEYS):
        kept.s3.put_object(Bucket=kept.bucket, Key=key, Body=b"old", Metadata={"old": "1"})
        kept.s3.put_object(
            Bucket=kept.bucket,
            Key=key,
            Body=bytes(range(256)) * number + b"\n{}",
            ContentType="text/csv",
            CacheControl="no-store",
            Metadata={"team": "retraining", "Number": str(number)},
            ServerSideEncryption="aws:kms" if number else "AES256",
            **({"SSEKMSKeyId": "mine", "BucketKeyEnabled": True} if number else {}),
        )
    heads = {
        key: described(kept.s3.head_object(Bucket=kept.bucket, Key=key)) for key in AWKWARD_KEYS
    }
    assert heads["plain"]["Metadata"] == {"team": "retraining", "number": "0"}
    before = kept.content()
    assert set(before) == set(AWKWARD_KEYS)
    kept.restart()
    assert kept.content() == before
    assert {
        key: described(kept.s3.head_object(Bucket=kept.bucket, Key=key)) for key in AWKWARD_KEYS
    } == heads


def test_every_way_to_write_and_to_delete_is_mirrored(kept: Kept) -> None:
    """Copies, uploads in parts, single and many deletions, and those of a bucket."""
    s3, bucket = kept.s3, kept.bucket
    for key in ("copied", "deleted", "many-1", "many-2", "in-place"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "copied"})
    s3.copy_object(
        Bucket=bucket,
        Key="in-place",
        CopySource={"Bucket": bucket, "Key": "in-place"},
        MetadataDirective="REPLACE",
        Metadata={"new": "1"},
    )
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", Metadata={"of": "2"})[
        "UploadId"
    ]
    part = {"Bucket": bucket, "Key": "parts", "UploadId": upload}
    tags = [
        s3.upload_part(**part, PartNumber=number, Body=bytes([number]) * 5 * 2**20)["ETag"]
        for number in (1, 2)
    ]
    s3.complete_multipart_upload(
        **part,
        MultipartUpload={
            "Parts": [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, start=1)]
        },
    )
    s3.delete_object(Bucket=bucket, Key="deleted")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "many-1"}, {"Key": "many-2"}]})
    parts = described(s3.head_object(Bucket=bucket, Key="parts"))
    empty, gone = kept.new_bucket(), kept.new_bucket()
    s3.delete_bucket(Bucket=gone)
    elsewhere = f"far-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(
        Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    kept.restart()
    content = kept.content()
    assert set(content) == {"copied", "copy", "in-place", "parts"}
    assert content["copy"] == b"copied"
    assert content["parts"] == b"\1" * 5 * 2**20 + b"\2" * 5 * 2**20
    assert described(kept.s3.head_object(Bucket=bucket, Key="parts")) == parts
    assert kept.s3.head_object(Bucket=bucket, Key="in-place")["Metadata"] == {"new": "1"}
    names = {each["Name"] for each in kept.s3.list_buckets()["Buckets"]}
    assert {bucket, empty, elsewhere} <= names
    assert gone not in names
    location = kept.s3.get_bucket_location(Bucket=elsewhere)
    assert location["LocationConstraint"] == "eu-west-1"
    assert not list(kept.directory.rglob("*.unfinished"))


def test_of_versions_the_newest_is_kept(kept: Kept) -> None:
    """A delete marker is a deletion."""
    kept.s3.put_bucket_versioning(Bucket=kept.bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        kept.s3.put_object(Bucket=kept.bucket, Key="twice", Body=body)
        kept.s3.put_object(Bucket=kept.bucket, Key="marked", Body=body)
    kept.s3.delete_object(Bucket=kept.bucket, Key="marked")
    kept.restart()
    assert kept.content() == {"twice": b"2"}


def test_artifacts_and_jobs_outlive_a_kill_together(kept: Kept) -> None:
    """The best model that Describe names can still be downloaded, and its bucket trained on."""
    bucket = kept.aws.upload(rows(400, seed=1), rows(200, seed=2))
    name = kept.aws.run(example(bucket))["HyperParameterTuningJobName"]

    def artifact() -> bytes:
        best = kept.aws.describe(name)["BestTrainingJob"]["TrainingJobName"]
        job = kept.aws.sagemaker.describe_training_job(TrainingJobName=best)
        return kept.aws.read(job["ModelArtifacts"]["S3ModelArtifacts"])

    before = artifact()
    kept.restart()
    assert artifact() == before
    assert kept.aws.run(example(bucket))["HyperParameterTuningJobStatus"] == "Completed"


def test_what_was_confirmed_before_a_kill_is_whole(kept: Kept) -> None:
    """Under concurrent writes to the same and to other keys: each is one that was written."""
    confirmed: dict[str, int] = {}
    begun: dict[str, int] = {}
    enough = threading.Event()

    def write(key: str, client: Any) -> None:
        for number in range(1, 100_000):
            begun[key] = number
            try:
                client.put_object(Bucket=kept.bucket, Key=key, Body=_body(number))
            except Exception:  # noqa: BLE001 -- killed
                return
            confirmed[key] = number
            if number == 20:
                enough.set()

    keys = ("one", "two", "three")
    threads = [threading.Thread(target=write, args=(key, kept.aws.client("s3"))) for key in keys]
    for thread in threads:
        thread.start()
    assert enough.wait(DEADLINE_SECONDS)
    kept.kill()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    kept.restart()
    content = kept.content()
    assert set(content) == set(keys)
    for key, body in content.items():
        number = int(body.split(b" ", 1)[0])
        assert body == _body(number)
        assert confirmed[key] <= number <= begun[key]


def _body(number: int) -> bytes:
    return f"{number} ".encode() * 50_000


def test_what_is_torn_or_foreign_is_left_out(kept: Kept, capfd: pytest.CaptureFixture[str]) -> None:
    """A file cut short by more than a kill is named in the log; the others are restored."""
    for key in ("whole", "torn"):
        kept.s3.put_object(Bucket=kept.bucket, Key=key, Body=b"content of " + key.encode())
    kept.kill()
    directory = kept.directory / "s3" / kept.bucket
    (torn,) = (path for path in directory.iterdir() if b'"torn"' in path.read_bytes())
    torn.write_bytes(torn.read_bytes()[:-1])
    (directory / "foreign").write_text("no object")
    (directory / "left.unfinished").write_bytes(b"{")
    (kept.directory / "s3" / "foreign").mkdir()
    kept.restart()
    assert kept.content() == {"whole": b"content of whole"}
    said = capfd.readouterr().err
    assert f"{torn} is not restored to S3: it has 14 bytes instead of 15" in said
    assert not (directory / "left.unfinished").exists()


def test_without_a_data_directory_nothing_is_written(
    start_endpoint: StartEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 stays in memory."""
    monkeypatch.chdir(tmp_path)
    aws, _ = start_endpoint()
    aws.s3.create_bucket(Bucket="nowhere")
    aws.s3.put_object(Bucket="nowhere", Key="x", Body=b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_cannot_be_mirrored_is_an_error(kept: Kept) -> None:
    """Nothing is confirmed that a restart would lose; the endpoint goes on."""
    directory = kept.directory / "s3" / kept.bucket
    directory.rename(kept.directory / "away")
    once = kept.aws.client("s3", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError) as caught:
        once.put_object(Bucket=kept.bucket, Key="lost", Body=b"1")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    (kept.directory / "away").rename(directory)
    kept.s3.put_object(Bucket=kept.bucket, Key="kept", Body=b"1")
    assert "kept" in kept.content()
