"""Benchmarks with the peers side by side in one run; results are dated in LOG.md."""
