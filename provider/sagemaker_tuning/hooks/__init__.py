"""Every AWS call of the provider."""
