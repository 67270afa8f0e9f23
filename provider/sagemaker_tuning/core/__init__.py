"""What a tuning job is: errors, statuses, names, rankings. No Airflow and no AWS client."""
