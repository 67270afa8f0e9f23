"""What a task is deferred to that looks again later."""

from airflow.providers.standard.triggers.temporal import DateTimeTrigger, TimeDeltaTrigger

__all__ = ["DateTimeTrigger", "TimeDeltaTrigger"]
