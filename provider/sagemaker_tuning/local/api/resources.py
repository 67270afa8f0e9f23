"""What models, endpoints, transform jobs and more have in common: names, ARNs, lists, deletion."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.api import pages
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.errors import ApiError, resource_in_use, validation_error
from sagemaker_tuning.local.listings import Condition
from sagemaker_tuning.local.names import ACCOUNT_ID
from sagemaker_tuning.local.schema import ResourceTable
from sagemaker_tuning.local.store import NameTakenError
from sagemaker_tuning.local.wire import Document


@dataclass(frozen=True)
class Kind:
    """A kind of resource.

    Attributes:
        table: where it is kept.
        words: what AWS calls it in its messages.
        path: how it is named in an ARN.
        name: the member that has its name.
        arn: the member that has its ARN.
        status: the member by which lists can filter; None where there is none.
    """

    table: ResourceTable
    words: str
    path: str
    name: str
    arn: str
    status: str | None = None

    def arn_of(self, region: str, name: str) -> str:
        """As AWS forms it: of these names it keeps the lower case only."""
        return f"arn:aws:sagemaker:{region}:{ACCOUNT_ID}:{self.path}/{name.lower()}"

    def find(self, context: Context, name: str) -> Document:
        """The resource's document.

        Raises:
            ApiError: ValidationException, which is what AWS answers here.
        """
        document = context.store.find(self.table, context.region, name)
        if document is None:
            arn = self.arn_of(context.region, name)
            raise validation_error(f'Could not find {self.words} "{arn}".')
        return document

    def find_by(self, context: Context, name_or_arn: str) -> Document:
        """The document of a resource of a kind whose ARN serves as its name too.

        Raises:
            ApiError: ValidationException where there is none.
        """
        name = name_of(self, name_or_arn)
        document = context.store.find(self.table, context.region, name)
        if document is None or not is_meant(document[self.arn], name_or_arn):
            raise validation_error(
                f"{self.name.removesuffix('Name')} {self.arn_of(context.region, name)} does not"
                " exist."
            )
        return document

    def add(
        self, context: Context, name: str, request: Document, *, parent: str | None = None
    ) -> str:
        """Stores a request, and what it does not have yet of a name, an ARN and times; the ARN.

        Raises:
            ApiError: ValidationException where the name is taken.
        """
        arn = self.arn_of(context.region, name)
        tags = {tag["Key"]: tag["Value"] for tag in request.pop("Tags", ())}
        document = {self.arn: arn, "CreationTime": documents.now(), **request}
        status = None if self.status is None else document.get(self.status)
        try:
            with context.store.transaction():
                context.store.add_resource(
                    self.table, context.region, name, document, status=status, parent=parent
                )
                context.store.add_tags(arn, tags)
        except NameTakenError as error:
            raise self.taken(arn) from error
        return arn

    def taken(self, arn: str) -> ApiError:
        """The name is in use."""
        return validation_error(f'Cannot create already existing {self.words} "{arn}".')

    def save(self, context: Context, name: str, document: Document) -> None:
        """Stores a changed document."""
        document["LastModifiedTime"] = documents.now()
        status = None if self.status is None else document.get(self.status)
        context.store.update_resource(self.table, context.region, name, document, status=status)

    def delete(self, context: Context, name: str) -> Document:
        """Removes the resource and its tags; its last document.

        Raises:
            ApiError: ValidationException where there is none.
        """
        document = self.find(context, name)
        context.store.delete_resource(self.table, context.region, name, document[self.arn])
        return document

    def page(
        self,
        context: Context,
        request: Document,
        key: str,
        members: Sequence[str],
        conditions: Sequence[Condition] = (),
    ) -> Document:
        """A list's response: the newest first, unless the request wants another order."""
        found, token = pages.page(
            context,
            self.table,
            {"SortOrder": "Descending", **request},
            sort_by="CreationTime",
            conditions=conditions,
        )
        summaries = [{name: job[name] for name in members if name in job} for job in found]
        return pages.answer(key, summaries, token)


class Job(Kind):
    """A kind of job, of which AWS speaks in other words."""

    def find(self, context: Context, name: str) -> Document:
        """As for all kinds."""
        document = context.store.find(self.table, context.region, name)
        if document is None:
            raise validation_error(f"Could not find requested job with name: {name}")
        return document

    def taken(self, arn: str) -> ApiError:
        """As for all kinds."""
        return resource_in_use(
            "Job name must be unique within an AWS account and region, and a job with this name"
            f" already exists ({arn})"
        )


MODEL: Final = Kind("model", "model", "model", "ModelName", "ModelArn")
ENDPOINT_CONFIG: Final = Kind(
    "endpoint_config",
    "endpoint configuration",
    "endpoint-config",
    "EndpointConfigName",
    "EndpointConfigArn",
)
ENDPOINT: Final = Kind(
    "endpoint", "endpoint", "endpoint", "EndpointName", "EndpointArn", "EndpointStatus"
)
MODEL_PACKAGE: Final = Kind(
    "model_package",
    "model package",
    "model-package",
    "ModelPackageName",
    "ModelPackageArn",
    "ModelApprovalStatus",
)
MODEL_PACKAGE_GROUP: Final = Kind(
    "model_package_group",
    "model package group",
    "model-package-group",
    "ModelPackageGroupName",
    "ModelPackageGroupArn",
)
TRANSFORM_JOB: Final = Job(
    "transform_job",
    "transform job",
    "transform-job",
    "TransformJobName",
    "TransformJobArn",
    "TransformJobStatus",
)

_KINDS: Mapping[str, Kind] = {
    kind.path: kind
    for kind in (
        MODEL,
        ENDPOINT_CONFIG,
        ENDPOINT,
        MODEL_PACKAGE,
        MODEL_PACKAGE_GROUP,
        TRANSFORM_JOB,
    )
}
_ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:([a-z-]+)/(.+)")


def of_arn(arn: str) -> tuple[Kind, str] | None:
    """The kind and the name that an ARN of a resource has; None for any other text."""
    match = _ARN.fullmatch(arn)
    kind = None if match is None else _KINDS.get(match[1])
    return None if match is None or kind is None else (kind, match[2])


def name_of(kind: Kind, name_or_arn: str) -> str:
    """The name, from itself or from an ARN."""
    found = of_arn(name_or_arn)
    return found[1] if found is not None and found[0] is kind else name_or_arn


def is_meant(arn: str, name_or_arn: str) -> bool:
    """Whether a name, or else an ARN of this region and account, means the resource of an ARN."""
    return not name_or_arn.startswith("arn:") or name_or_arn.lower() == arn.lower()
