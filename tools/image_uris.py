"""Write the registry paths of SageMaker's built-in algorithms anew, from the SageMaker Python SDK.

    pip download --no-deps sagemaker-core    # of version 3 of the SDK; of version 2, sagemaker
    python -m tools.image_uris sagemaker_core-*.whl

The SDK (Apache-2.0) keeps account ids, repositories and versions as JSON, one file an algorithm, in
a folder ``image_uri_config``; AWS's own pages are made for reading and lag behind it:
https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
"""

from __future__ import annotations

import argparse
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.regions import EndpointResolver

TARGET = Path(__file__).parents[1] / "provider/sagemaker_tuning/core/image_uris.json"
ALGORITHMS = (
    "blazingtext",
    "factorization-machines",
    "forecasting-deepar",
    "image-classification",
    "ipinsights",
    "kmeans",
    "knn",
    "lda",
    "linear-learner",
    "ntm",
    "object-detection",
    "object2vec",
    "pca",
    "randomcutforest",
    "semantic-segmentation",
    "seq2seq",
    "sklearn",
    "xgboost",
)

Document = dict[str, Any]


def main() -> None:
    """Read the wheel, write the data file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="of sagemaker-core, or of sagemaker before 3")
    wheel = parser.parse_args().wheel
    document = _document(_source(wheel), _configurations(wheel))
    TARGET.write_text(f"{json.dumps(document, indent=1, sort_keys=True)}\n")


def _source(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name.replace('_', '-')} {version}"


def _configurations(wheel: Path) -> dict[str, Document]:
    with zipfile.ZipFile(wheel) as archive:
        paths = {
            found[1]: path
            for path in archive.namelist()
            if (found := re.search(r"/image_uri_config/([^/]+)\.json$", path))
        }
        return {name: json.loads(archive.read(paths[name])) for name in ALGORITHMS}


def _document(source: str, configurations: dict[str, Document]) -> Document:
    accounts: list[Document] = []
    images = {
        name: {
            version: _image(version, config, accounts)
            for version, config in _versions(configuration).items()
        }
        for name, configuration in configurations.items()
    }
    regions = {region for registry in accounts for region in registry}
    suffixes = {region: suffix for region in regions if (suffix := _suffix(region))}
    return {"Source": source, "DnsSuffixes": suffixes, "Accounts": accounts, "Images": images}


def _versions(configuration: Document) -> dict[str, Document]:
    """Give the versions, whose images serve for training and inference alike."""
    if "versions" in configuration:
        return dict(configuration["versions"])
    training, inference = (configuration[scope]["versions"] for scope in ("training", "inference"))
    for version in training.keys() & inference.keys():
        if training[version] != inference[version]:
            raise SystemExit(f"{version} has two images, and image_uri() knows of one: {training}")
    return {**inference, **training}


def _image(version: str, config: Document, accounts: list[Document]) -> Document:
    """Give repository, tag, and which of the tables of accounts holds the image."""
    parts = [config.get("tag_prefix", version)]
    for key in ("processors", "py_versions"):
        values = config.get(key, [])
        if len(values) > 1:
            raise SystemExit(f"{version} has several {key}, and image_uri() knows of one: {values}")
        parts += values
    if config["registries"] not in accounts:
        accounts.append(config["registries"])
    return {
        "Repository": config["repository"],
        "Tag": "-".join(parts),
        "Accounts": accounts.index(config["registries"]),
    }


def _suffix(region: str) -> str | None:
    """Give the domain of a region's registry, where it is not ``amazonaws.com``."""
    endpoint = EndpointResolver(Loader().load_data("endpoints")).construct_endpoint("ecr", region)
    if endpoint is None:
        raise SystemExit(f"botocore knows no domain of {region}: upgrade it")
    return None if endpoint["dnsSuffix"] == "amazonaws.com" else endpoint["dnsSuffix"]


if __name__ == "__main__":
    main()
