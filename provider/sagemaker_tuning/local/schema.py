"""The tables of the store.

A document column holds what Describe answers; the other columns are what lists filter and sort
by, each with its index, so that no call gets slower as jobs pile up.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

JobTable = Literal["tuning_job", "training_job"]
ResourceTable = Literal[
    "model", "endpoint_config", "endpoint", "model_package", "model_package_group", "transform_job"
]
Table = JobTable | ResourceTable
ObservedTable = JobTable | Literal["transform_job"]
"""Those of whose changes the store tells."""

_RESOURCES: Sequence[ResourceTable] = get_args(ResourceTable)
DOCUMENTS: Mapping[Table, str] = {
    "tuning_job": "request, progress",
    "training_job": "progress",
    **dict.fromkeys(_RESOURCES, "progress"),
}
"""The columns that make up what Describe answers."""

_JOBS_AND_TAGS = """
CREATE TABLE IF NOT EXISTS tuning_job (
    region TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    status TEXT NOT NULL,
    creation_time REAL NOT NULL,
    last_modified_time REAL NOT NULL,
    request TEXT NOT NULL,  -- what Create was given, as Describe shows it: written once
    progress TEXT NOT NULL  -- the rest of Describe: rewritten as the job goes on
);
CREATE UNIQUE INDEX IF NOT EXISTS tuning_job_name ON tuning_job (region, name);
CREATE INDEX IF NOT EXISTS tuning_job_created ON tuning_job (region, creation_time, name);
CREATE INDEX IF NOT EXISTS tuning_job_status ON tuning_job (region, status, name);
-- The running ones from the newest on, which whoever waits for many asks for again and again.
CREATE INDEX IF NOT EXISTS tuning_job_status_created
    ON tuning_job (region, status, creation_time, name);
CREATE TABLE IF NOT EXISTS training_job (
    region TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    tuning_job TEXT NOT NULL COLLATE NOCASE,
    status TEXT NOT NULL,
    creation_time REAL NOT NULL,
    last_modified_time REAL NOT NULL,
    objective REAL,
    progress TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS training_job_name ON training_job (region, name);
CREATE INDEX IF NOT EXISTS training_job_created ON training_job (region, creation_time, name);
CREATE INDEX IF NOT EXISTS training_job_status ON training_job (region, status, name);
CREATE INDEX IF NOT EXISTS training_job_of ON training_job (region, tuning_job, name);
CREATE TABLE IF NOT EXISTS report (
    region TEXT NOT NULL,
    tuning_job TEXT NOT NULL COLLATE NOCASE,
    number INTEGER NOT NULL,
    objectives TEXT NOT NULL,
    PRIMARY KEY (region, tuning_job, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tag (
    arn TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""
_RESOURCE = """
CREATE TABLE IF NOT EXISTS {table} (
    region TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    parent TEXT COLLATE NOCASE,  -- a model package's group
    status TEXT,
    creation_time REAL NOT NULL,
    last_modified_time REAL NOT NULL,
    progress TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS {table}_name ON {table} (region, name);
"""

SCHEMA = _JOBS_AND_TAGS + "".join(_RESOURCE.format(table=table) for table in _RESOURCES)
