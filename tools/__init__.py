"""Scripts that keep data of the package up to date."""
