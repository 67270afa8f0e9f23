"""Links from a task instance to the job that it launched."""
