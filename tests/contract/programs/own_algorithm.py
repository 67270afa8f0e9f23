"""An algorithm of a user's, written to the container contract and nothing else."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(os.environ["SAGEMAKER_BASE_DIR"])


def say(line: str) -> None:
    """To the training job's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Train by the hyperparameters found where SageMaker puts them."""
    assert sys.argv[1:] == ["train"], sys.argv
    config = ROOT / "input/config"
    parameters = json.loads((config / "hyperparameters.json").read_text())
    channels = json.loads((config / "inputdataconfig.json").read_text())
    files = sorted(
        path.relative_to(ROOT / "input/data").as_posix()
        for channel in channels
        for path in (ROOT / "input/data" / channel).rglob("*")
        if path.is_file()
    )
    if parameters.get("fail"):
        (ROOT / "output/failure").write_text(parameters["fail"])
        sys.exit(7)
    if parameters.get("wait"):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        say("waiting")
        time.sleep(1000)
    x = float(parameters["x"])
    for epoch in range(3):
        say(f"epoch {epoch}: loss={(x - 2) ** 2 + 2 - epoch}")
    time.sleep(float(parameters.get("pause", "0")))
    seen: dict[str, Any] = {
        "files": files,
        "channels": channels,
        "name": os.environ["TRAINING_JOB_NAME"],
        "flag": os.environ.get("FLAG"),
        "secret": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "modules": sorted(name for name in sys.modules if name.startswith("sagemaker_tuning")),
    }
    (ROOT / "model/seen.json").write_text(json.dumps(seen))
    (ROOT / "output/data/report").write_text("done")


if __name__ == "__main__":
    main()
