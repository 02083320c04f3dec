"""The front office's rules: one function per operation, and the queries that feed screens."""
