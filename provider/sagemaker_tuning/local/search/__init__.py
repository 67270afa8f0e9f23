"""Search strategies over parameter ranges."""
