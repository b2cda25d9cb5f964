"""Pages for reviewers, on which they can try out the service; on review and development instances only."""
