"""Trying the service out: pages for reviewers. They exist on review and development instances only."""
