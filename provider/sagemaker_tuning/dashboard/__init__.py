"""The plugin for the Airflow UI."""
