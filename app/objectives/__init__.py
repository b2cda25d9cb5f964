"""Objectives: the file `objectives.yaml`, and what is generated from it for Prometheus and Grafana.

`load_objectives` reads the file; the rules of evaluation are in `app.domain.objectives`.
"""

from app.objectives.file import OBJECTIVES_FILE, find_problems, load_objectives

__all__ = ["OBJECTIVES_FILE", "find_problems", "load_objectives"]
