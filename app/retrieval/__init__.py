"""Giving out: archives and configuration for phones, figures for operators."""
