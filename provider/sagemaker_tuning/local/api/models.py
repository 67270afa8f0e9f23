"""Operations on models."""

from collections.abc import Iterator

from sagemaker_tuning.local import objects
from sagemaker_tuning.local.api import model_packages
from sagemaker_tuning.local.api.context import Context
from sagemaker_tuning.local.api.resources import MODEL, MODEL_PACKAGE
from sagemaker_tuning.local.errors import validation_error
from sagemaker_tuning.local.wire import Document


def create(context: Context, request: Document) -> Document:
    """CreateModel."""
    name = request["ModelName"]
    if ("PrimaryContainer" in request) == bool(request.get("Containers")):
        raise validation_error(
            "Provide either PrimaryContainer or Containers, of which there is one at least."
        )
    if context.store.find("model", context.region, name) is not None:
        raise MODEL.taken(MODEL.arn_of(context.region, name))
    for path, container in _containers(request):
        _complete(context, path, container)
    request.setdefault("EnableNetworkIsolation", False)
    return {"ModelArn": MODEL.add(context, name, request)}


def describe(context: Context, request: Document) -> Document:
    """DescribeModel."""
    return MODEL.find(context, request["ModelName"])


def list_all(context: Context, request: Document) -> Document:
    """ListModels."""
    return MODEL.page(context, request, "Models", ("ModelName", "ModelArn", "CreationTime"))


def delete(context: Context, request: Document) -> Document:
    """DeleteModel; endpoints that serve it go on, as on AWS."""
    MODEL.delete(context, request["ModelName"])
    return {}


def container(context: Context, model_name: str) -> Document:
    """What a model is served with, its model package's container if it is made of one.

    Raises:
        ApiError: ValidationException where there is no such model, or one of several containers.
    """
    model = MODEL.find(context, model_name)
    containers = [model["PrimaryContainer"]] if "PrimaryContainer" in model else model["Containers"]
    if len(containers) != 1:
        raise validation_error(
            f"The model {model_name} has {len(containers)} containers. The local SageMaker"
            " endpoint serves models of one container."
        )
    (found,) = containers
    if "ModelPackageName" not in found:
        return dict(found)
    package = MODEL_PACKAGE.find_by(context, found["ModelPackageName"])
    of_package = model_packages.containers(package, found.get("InferenceSpecificationName"))
    if len(of_package) != 1:
        raise validation_error(
            f"The model package {found['ModelPackageName']} has {len(of_package)} containers."
            " The local SageMaker endpoint serves models of one container."
        )
    environment = {**of_package[0].get("Environment", {}), **found["Environment"]}
    return {**of_package[0], **found, "Environment": environment}


def _containers(request: Document) -> Iterator[tuple[str, Document]]:
    if "PrimaryContainer" in request:
        yield "PrimaryContainer", request["PrimaryContainer"]
    for number, container in enumerate(request.get("Containers", ()), start=1):
        yield f"Containers.{number}", container


def _complete(context: Context, path: str, container: Document) -> None:
    """Takes over what a model package says, and adds what AWS adds and Describe shows."""
    if "ModelPackageName" in container:
        if "Image" in container or "ModelDataUrl" in container:
            raise validation_error(
                f"{path} has a ModelPackageName, which goes without Image and ModelDataUrl."
            )
        _require_approved(context, path, container)
    elif "Image" not in container:
        raise validation_error(f"{path}.Image is required where there is no ModelPackageName.")
    container.setdefault("Mode", "SingleModel")
    container.setdefault("Environment", {})
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is not None and "ModelDataUrl" in container:
        raise validation_error(f"{path} has both ModelDataUrl and ModelDataSource. Give one.")
    if source is not None:
        prefix = source["S3DataType"] == "S3Prefix"
        path = f"{path}.ModelDataSource.S3DataSource.S3Uri"
        _require_data(path, source["S3Uri"], prefix=prefix)
    elif "ModelDataUrl" in container and container["Mode"] == "SingleModel":
        _require_data(f"{path}.ModelDataUrl", container["ModelDataUrl"], prefix=False)


def _require_approved(context: Context, path: str, container: Document) -> None:
    package = container["ModelPackageName"]
    document = MODEL_PACKAGE.find_by(context, package)
    model_packages.containers(document, container.get("InferenceSpecificationName"))
    status = document.get("ModelApprovalStatus", "Approved")
    if status != "Approved":
        raise validation_error(
            f"{path}.ModelPackageName {package} has the ModelApprovalStatus {status}. Only an"
            " Approved model package can be deployed."
        )


def _require_data(path: str, uri: str, *, prefix: bool) -> None:
    if not uri.startswith("s3://"):
        raise validation_error(f"{path} {uri} is not a URI that begins s3://BUCKET.")
    bucket, key = objects.parse_uri(uri)
    if not (objects.exist(uri) if prefix else objects.read(bucket, key) is not None):
        raise validation_error(f"Could not find model data at {uri}.")
