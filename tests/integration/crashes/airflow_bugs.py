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
