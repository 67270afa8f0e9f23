"""A package, so that an Airflow can last for as long as these tests do."""
