"""Exact scorers: what is not plainly the right answer is wrong."""
