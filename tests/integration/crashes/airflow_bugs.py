"""What Airflow 3.0 does to any task: a case that no operator can mend is none of 3.0's."""

import airflow
import pytest
from packaging.version import Version

_IS_OLD = Version(airflow.__version__) < Version("3.1")

NO_RESTART = pytest.mark.skipif(
    _IS_OLD,
    reason="cleared while running is for ever: https://github.com/apache/airflow/issues/55045",
)
NO_RETRY = pytest.mark.skipif(
    _IS_OLD, reason="killed alone is not retried: https://github.com/apache/airflow/issues/55753"
)

MISTAKES_DEFERRAL = _IS_OLD
"""Whether the end of a worker's part that is noticed after the task was resumed is often taken for
a failure, so that a case may need one try more than the docs say:
https://github.com/apache/airflow/issues/66374"""
