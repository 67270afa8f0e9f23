"""What waiting for tuning jobs and importing cost, beside the amazon provider.

Waits are deferred ones: triggers, all in one event loop, as they are in a triggerer. This
provider's `SageMakerTuningJobTrigger` and the amazon provider's `SageMakerTrigger` get the
arguments that their operators give, but for the interval, and for the number of looks after which
the amazon provider gives up. Each measurement has a fresh process that waits, and a fresh local
SageMaker endpoint in a process of its own. Its training jobs are simulated: they take their time
and nothing else.

**Included** is what the triggerer's process does for a wait: the lookup of the connection (in a
variable of the environment, so without a call to Airflow's API), the client, the looks, the log (to
a file). **Not included** are what Airflow itself does around a trigger, and its other processes;
importing the trigger, which is over before a measurement begins; and TLS, because the endpoint
speaks plain HTTP.

- A wait has *started* when it has written to its log what its first look found. *Memory* is what
  the process has grown by then (PSS, after a garbage collection), clients and all; *each further
  wait* is by how much more than for one wait.
- The *longest block* of the event loop is by how much a coroutine that wants to run every 5 ms was
  late.
- *Calls* are counted by the endpoint, over two intervals in which no job ends.
- The *delay* is from `HyperParameterTuningEndTime` to the trigger's event, by the same clock. Of
  N jobs 15 % end, 50 at least, spread over two intervals or more, 2.5 a second; the others run on.
- *Throttled*: a tenth of all List and Describe calls, at random, are answered by a
  `ThrottlingException`, from the beginning.
- *Imports* are those of a DAG file: this provider's operators for tuning jobs, training jobs and
  models, its sensors and task groups; the amazon provider's operators for SageMaker. What
  `airflow.sdk` costs any DAG file is not counted. Processor time and resident memory, medians of
  fresh interpreters in turns.
"""
