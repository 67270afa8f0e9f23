"""A container to train in."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sagemaker_tuning.local.training.container import Channel, Container, prepare

XGBOOST_IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"

MakeContainer = Callable[..., Container]


@pytest.fixture
def make_container(tmp_path: Path) -> MakeContainer:
    """Makes prepared containers; ``files`` are their data by path below ``input/data``."""

    def make(
        hyperparameters: Mapping[str, str] | None = None,
        *,
        image: str = XGBOOST_IMAGE,
        content_type: str | None = "text/csv",
        files: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        checkpoint_dir: Path | None = None,
    ) -> Container:
        files = files or {}
        name = f"job-{sum(1 for _ in tmp_path.iterdir())}"
        container = Container(
            root=tmp_path / name,
            image=image,
            training_job_name=name,
            training_job_arn=f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}",
            hyperparameters=hyperparameters or {},
            channels={path.split("/")[0]: Channel(content_type) for path in files},
            environment=environment or {},
            checkpoint_dir=checkpoint_dir,
        )
        prepare(container)
        for path, text in files.items():
            file = container.root / "input" / "data" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return container

    return make
