"""Fuzzing with a time budget, run by `make fuzz` (bin/fuzz): not collected by pytest."""
