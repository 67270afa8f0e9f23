"""An algorithm that goes on from its checkpoint, and is lost or stopped unless it has one."""

import json
import os
import signal
import sys
import time
from pathlib import Path

ROOT = Path(os.environ["SAGEMAKER_BASE_DIR"])
CONFIG = ROOT / "input/config"
CHECKPOINTS = Path(json.loads((CONFIG / "checkpointconfig.json").read_text())["LocalPath"])


def stop(*_: object) -> None:
    """Leave a last checkpoint, as Spot and a stop give the time to."""
    (CHECKPOINTS / "deep").mkdir()
    (CHECKPOINTS / "deep/stopped").write_text("stopped")
    sys.exit(0)


def main() -> None:
    """Count the starts in a file."""
    signal.signal(signal.SIGTERM, stop)
    before = sorted(path.name for path in CHECKPOINTS.iterdir())
    starts = CHECKPOINTS / "starts"
    starts.write_text(starts.read_text() + "x" if starts.exists() else "x")
    (CHECKPOINTS / "half.sagemaker-ignore").write_text("half")
    if before:
        (CHECKPOINTS / "first").unlink()
        (ROOT / "model/before.json").write_text(json.dumps(before))
        sys.stdout.write("loss=1\n")
        return
    (CHECKPOINTS / "first").write_text("first")
    sys.stdout.write("waiting\n")
    sys.stdout.flush()
    time.sleep(1000)


if __name__ == "__main__":
    main()
