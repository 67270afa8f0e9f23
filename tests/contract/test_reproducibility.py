"""The same request with the same RandomSeed gives the same sequence of hyperparameters."""

from tests.contract.aws import Aws, Document
from tests.contract.conftest import StartEndpoint
from tests.contract.examples import CONFIG, LIMITS, changed, example, rows


def tuned(aws: Aws, request: Document) -> list[tuple[Document, float]]:
    """Each training job's hyperparameters and objective, in the order of launch."""
    job = aws.run(request)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    return [
        (each["TunedHyperParameters"], each["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
        for each in aws.training_jobs(job["HyperParameterTuningJobName"])
    ]


def ends(aws: Aws, prefix: str) -> list[str]:
    """The numbers of training jobs in the order in which they ended."""
    jobs = aws.sagemaker.list_training_jobs(NameContains=prefix, MaxResults=100)
    ordered = sorted(jobs["TrainingJobSummaries"], key=lambda job: job["TrainingEndTime"])
    return [job["TrainingJobName"].split("-")[-2] for job in ordered]


def test_results_do_not_depend_on_which_job_ends_first(start_endpoint: StartEndpoint) -> None:
    """Completions shuffled on purpose, other endpoint, other job name: the same 16 sets."""
    sequences = []
    for options in ((), ("--completion-delay", "0.3")):
        aws, _ = start_endpoint(*options)
        request = example(aws.upload(rows(400, seed=1), rows(200, seed=2)))
        # Past the 10 sets that a Bayesian search begins with, which are random ones.
        request = changed(request, *LIMITS, "MaxNumberOfTrainingJobs", value=16)
        other = changed(request, CONFIG, "Strategy", value="Random")
        other["HyperParameterTuningJobName"] += "-random"
        sequences.append((tuned(aws, request), tuned(aws, other)))
    assert sequences[0] == sequences[1]
    shuffled = ends(aws, request["HyperParameterTuningJobName"])
    assert shuffled != sorted(shuffled)


def test_another_seed_and_no_seed_give_other_sets(aws: Aws, request_document: Document) -> None:
    """The seed decides, and without one nothing is repeated."""
    requests = [
        request_document,
        changed(request_document, CONFIG, "RandomSeed", value=124),
        changed(request_document, CONFIG, "RandomSeed"),
        changed(request_document, CONFIG, "RandomSeed"),
    ]
    firsts = []
    for number, request in enumerate(requests):
        name = f"{request['HyperParameterTuningJobName']}-{number}"
        one = changed(request, *LIMITS, "MaxNumberOfTrainingJobs", value=1)
        firsts.append(tuned(aws, {**one, "HyperParameterTuningJobName": name})[0][0])
    assert all(firsts.count(first) == 1 for first in firsts)
