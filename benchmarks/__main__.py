"""What the local SageMaker endpoint costs: ``make bench``.

`overhead` and `growth` say what is measured and how.
"""

import argparse
import os

from benchmarks import growth, overhead


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs and jobs")
    quick: bool = parser.parse_args().quick
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n", flush=True)
    overhead.report(repeats=1 if quick else 7)
    growth.report_describe(tuning_jobs=20 if quick else 100, calls=50 if quick else 500)
    growth.report_memory(training_jobs=200 if quick else 1000)


if __name__ == "__main__":
    main()
