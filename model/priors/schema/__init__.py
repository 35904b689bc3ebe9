"""The shape of prior files: definitions, the check of a file against them, and the JSON schemas."""
