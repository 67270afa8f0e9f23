"""The documented rules across a transform job's fields, and what is not supported here.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from sagemaker_tuning.local import objects
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.transform.columns import Columns, ColumnsError
from sagemaker_tuning.local.transform.processing import DEFAULTS
from sagemaker_tuning.local.wire import Document

_MOST_PAYLOAD = 100
_MOST_INSTANCES = 100
_CSV = "text/csv"
_FILTERS = ("InputFilter", "OutputFilter")


def check(request: Document) -> None:
    """Refuses a request that AWS would refuse, or whose job would not do as it says here.

    Raises:
        ApiError: ValidationException.
    """
    source = request["TransformInput"]
    _require_supported("S3DataType", source["DataSource"]["S3DataSource"]["S3DataType"], _DATA)
    _require_supported("SplitType", source.get("SplitType", "None"), ("None", "Line"))
    for path, uri in (
        ("TransformInput.DataSource.S3DataSource.S3Uri", _uri(request)),
        ("TransformOutput.S3OutputPath", request["TransformOutput"]["S3OutputPath"]),
    ):
        if not uri.startswith("s3://") or not objects.parse_uri(uri)[0]:
            raise validation_error(f"{path} {uri} is not a URI that begins s3://BUCKET.")
    count = request["TransformResources"]["InstanceCount"]
    if count > _MOST_INSTANCES:
        raise validation_error(
            f"TransformResources.InstanceCount {count} is more than {_MOST_INSTANCES}."
        )
    _payload(request)
    _processing(request)


def check_container(container: Document) -> None:
    """Refuses a model that batch transform does not take.

    Raises:
        ApiError: ValidationException, in AWS's words.
    """
    if "ModelDataSource" in container:
        raise validation_error(
            "SageMaker Batch currently doesn't support Model entity with container definitions"
            " which use ModelDataSource attribute"
        )


def check_input(request: Document) -> None:
    """Refuses a request for input that is not there.

    Raises:
        ApiError: ValidationException, in AWS's words.
    """
    if not objects.exist(_uri(request)):
        raise validation_error(objects.no_objects_message(_uri(request)))


_DATA = ("S3Prefix", "ManifestFile")


def _uri(request: Document) -> str:
    uri: str = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    return uri


def _require_supported(name: str, value: str, supported: tuple[str, ...]) -> None:
    if value not in supported:
        raise validation_error(
            f"The local SageMaker endpoint does not support {name} {value}; use"
            f" {' or '.join(supported)}."
        )


def _payload(request: Document) -> None:
    payload = request.get("MaxPayloadInMB")
    if payload == 0:
        raise validation_error(
            "MaxPayloadInMB 0 streams the payload with HTTP chunked encoding, which built-in"
            " algorithms do not support."
        )
    if payload is not None and payload > _MOST_PAYLOAD:
        raise validation_error(
            f"The value of MaxPayloadInMB cannot be greater than {_MOST_PAYLOAD} MB; it is"
            f" {payload}."
        )
    concurrent = request.get("MaxConcurrentTransforms", 0)
    if payload is not None and concurrent * payload > _MOST_PAYLOAD:
        raise validation_error(
            f"The value of (MaxConcurrentTransforms * MaxPayloadInMB) cannot exceed"
            f" {_MOST_PAYLOAD} MB; it is {concurrent} * {payload}."
        )


def _processing(request: Document) -> None:
    """What is filtered or joined has to be CSV, line by line, on both sides."""
    asked = {**DEFAULTS, **request.get("DataProcessing", {})}
    for name in _FILTERS:
        try:
            Columns.parse(asked[name])
        except ColumnsError as error:
            raise validation_error(f'Invalid {name}: "{asked[name]}". {error}.') from error
    if asked == DEFAULTS:
        return
    source, target = request["TransformInput"], request["TransformOutput"]
    for path, value, wanted in (
        ("TransformInput.ContentType", source.get("ContentType"), _CSV),
        ("TransformOutput.Accept", target.get("Accept"), _CSV),
        ("TransformInput.SplitType", source.get("SplitType"), "Line"),
        ("TransformOutput.AssembleWith", target.get("AssembleWith"), "Line"),
    ):
        if str(value).partition(";")[0].strip() != wanted:
            raise validation_error(
                f"{path} is {'not given' if value is None else value}; with DataProcessing it has"
                f" to be {wanted}. The local SageMaker endpoint filters and joins {_CSV} only."
            )
