"""A stand-in for the package of that name, which inspect-ai wants to be importable."""
