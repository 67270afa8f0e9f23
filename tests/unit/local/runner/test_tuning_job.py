"""A running tuning job: what runs at once, how it stops, and how it ends."""

from dataclasses import replace

from sagemaker_tuning.local import documents
from sagemaker_tuning.local.runner.live_jobs import LiveJobs
from sagemaker_tuning.local.runner.tuning_job import TuningJob
from sagemaker_tuning.local.runner.workplace import Workplace
from sagemaker_tuning.local.store import Store
from tests.unit.local.runner.fakes import (
    DEADLINE_SECONDS,
    REGION,
    BreakableStore,
    Processes,
    counters,
    has_status,
    new_job,
    start,
    wait,
)


def test_no_more_than_the_parallel_ones_run(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The next one starts when one has ended, and only then."""
    start(jobs, store, number=3, parallel=2)
    first, second = processes.next(), processes.next()
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    assert processes.started.empty()
    second.end(auc=0.5)
    third = processes.next()
    third.end(auc=0.75)
    first.end(auc=0.25)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 3}
    assert job["BestTrainingJob"]["TrainingJobName"] == third.container.training_job_name


def test_stopping_keeps_the_running_counters(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """Recorded: Stopping with InProgress; each process gets SIGTERM with AWS's 120 seconds."""
    processes.stubborn = True
    start(jobs, store)
    running = [processes.next(), processes.next()]
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    assert jobs.stop(REGION, "job")
    job = wait(store, has_status("Stopping"))
    assert counters(job) == {"InProgress": 2}
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 2, "Failed": 0}
    assert [process.stops for process in running] == [[120], [120]]
    assert not jobs.stop(REGION, "job")
    running[0].end(auc=0.5)
    running[1].end()
    job = wait(store, has_status("Stopped"))
    assert counters(job) == {"Stopped": 2}
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 1, "Pending": 0, "Failed": 1}
    assert processes.started.empty()


def test_the_runtime_limit_ends_the_job(jobs: LiveJobs, store: Store, processes: Processes) -> None:
    """Over MaxRuntimeInSeconds the running training jobs are stopped and no more launched."""
    start(jobs, store, age_seconds=119.5, MaxRuntimeInSeconds=120)
    first = processes.next()
    first.end(auc=0.5)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1, "Stopped": 2}
    assert job["ConsumedResources"]["RuntimeInSeconds"] >= 119


def test_a_defect_of_the_tuning_jobs_thread_ends_the_job(
    jobs: LiveJobs, store: BreakableStore, processes: Processes
) -> None:
    """The tuning job and its running training jobs fail; none stays InProgress for ever."""
    start(jobs, store, parallel=2)
    first, second = processes.next(), processes.next()
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    store.broken = True
    first.end(auc=0.5)
    job = wait(store, has_status("Failed"))
    assert job["FailureReason"].startswith("InternalServerError:")
    assert counters(job) == {"RetryableError": 2}
    assert second.stops == [0]


def test_a_job_that_has_failed_by_a_defect_stays_failed(
    workplace: Workplace, store: BreakableStore, processes: Processes
) -> None:
    """A stop while its thread tidies up comes too late, for it and for its training jobs."""
    processes.stubborn = True
    stopped: list[bool] = []

    def stop(job: TuningJob) -> None:
        job.stop_training_job(second.container.training_job_name)
        stopped.append(job.stop())

    request, progress = new_job(store)
    job = TuningJob(workplace, REGION, request, progress, stop)
    job.start()
    first, second = processes.next(), processes.next()
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    store.broken = True
    first.end(auc=0.5)
    job.join(DEADLINE_SECONDS)
    second.end()
    assert stopped == [False]
    wait(store, has_status("Failed"))
    training_job = store.find("training_job", REGION, second.container.training_job_name)
    assert training_job is not None
    assert training_job["TrainingJobStatus"] == "Failed"


def test_a_job_that_cannot_be_started_has_failed(jobs: LiveJobs, store: Store) -> None:
    """It is stored before it is started, and must not stay InProgress."""
    request = {"HyperParameterTuningJobName": "job"}
    progress = documents.new_tuning_job(REGION, "job")
    store.add_tuning_job(REGION, request, progress)
    jobs.start(REGION, request, progress)
    job = wait(store, has_status("Failed"))
    assert job["FailureReason"].startswith("InternalServerError:")
    assert jobs.count() == 0


def test_the_runtime_limit_without_a_success_is_a_failure(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """As without the limit: nothing was found."""
    start(jobs, store, age_seconds=119.5, MaxRuntimeInSeconds=120)
    processes.next()
    job = wait(store, has_status("Failed"))
    assert job["FailureReason"].startswith("No objective metrics found after running 2")
    assert counters(job) == {"Stopped": 2}


def test_closing_leaves_the_job_for_the_next_start(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The endpoint's end stops the processes and writes nothing: the job was in flight."""
    start(jobs, store)
    running = [processes.next(), processes.next()]
    wait(store, lambda job: counters(job) == {"InProgress": 2})
    jobs.close(grace_seconds=1)
    assert [process.stops for process in running] == [[1], [1]]
    job = wait(store, has_status("InProgress"))
    assert counters(job) == {"InProgress": 2}


def test_a_target_that_is_reached_ends_the_job(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """What runs is stopped, no more is launched, and the job is Completed."""
    start(jobs, store, criteria={"TargetObjectiveMetricValue": 0.9})
    first, second = processes.next(), processes.next()
    first.end(auc=0.9)
    job = wait(store, has_status("Completed"))
    assert second.stops == [120]
    assert counters(job) == {"Completed": 1, "Stopped": 1}
    assert processes.started.empty()


def test_a_training_job_that_falls_behind_is_stopped(
    jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """By the first value worse than what the earlier ones had; its objective counts."""
    start(jobs, store, number=2, parallel=1, early_stopping="Auto")
    first = processes.next()
    first.log(auc=0.8)
    first.end(auc=0.9)
    second = processes.next()
    second.log(auc=0.5)
    job = wait(store, has_status("Completed"))
    assert second.stops == [120]
    assert counters(job) == {"Completed": 1, "Stopped": 1}
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 0}
    assert store.reports(REGION, "job") == {}


def test_what_training_jobs_reported_is_known_after_a_restart(
    workplace: Workplace, jobs: LiveJobs, store: Store, processes: Processes
) -> None:
    """The first endpoint saw the good training job, the second stops the bad one by it."""
    former = LiveJobs(replace(workplace, directory=workplace.directory / "former"))
    start(former, store, number=3, parallel=1, early_stopping="Auto")
    first = processes.next()
    first.log(auc=0.8)
    first.end(auc=0.9)
    processes.next()
    former.close(grace_seconds=1)
    jobs.resume()
    third = processes.next()
    third.log(auc=0.5)
    job = wait(store, has_status("Completed"))
    assert counters(job) == {"Completed": 1, "RetryableError": 1, "Stopped": 1}
