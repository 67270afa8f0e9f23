"""Data lineage for OpenLineage, where its provider is installed.

OpenLineage asks in a process forked from the task's, which must not talk to Airflow, so nothing is
looked up for it: only what arguments and results say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagemaker_tuning.core.errors import SageMakerTuningError
from sagemaker_tuning.core.lineage import Lineage, tuning_job_lineage
from sagemaker_tuning.operators.documents import TakesDocuments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    from sagemaker_tuning.core.lineage import DatasetName


def to_operator_lineage(lineage: Lineage) -> OperatorLineage[Any, Any]:
    """Give lineage as OpenLineage's provider wants it; only to be called by it."""
    from airflow.providers.openlineage.extractors import OperatorLineage  # noqa: PLC0415 -- not required

    return OperatorLineage(inputs=_datasets(lineage.inputs), outputs=_datasets(lineage.outputs))


def _datasets(names: Iterable[DatasetName]) -> list[Dataset]:
    from airflow.providers.common.compat.openlineage.facet import Dataset  # noqa: PLC0415 -- likewise

    return [Dataset(namespace=each.namespace, name=each.name) for each in names]


class ReportsTuningJobLineage(TakesDocuments):
    """An operator that launches a tuning job, and says what it reads and writes."""

    _known: Mapping[str, Any] | None = None
    """The request once it is read, and the answer of Describe once the tuning job has ended."""

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """Give the training jobs' input in S3, and where they will write, by the arguments."""
        try:
            document = self.given_documents()
        except SageMakerTuningError:  # execute() says so, with more to it
            document = {}
        return to_operator_lineage(tuning_job_lineage(document))

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 -- OpenLineage calls it so
        """Give likewise, and the best training job's artifact; by what AWS says, once it ended."""
        if self._known is None:
            return self.get_openlineage_facets_on_start()
        return to_operator_lineage(tuning_job_lineage(self._known))
