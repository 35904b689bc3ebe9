"""YAML as the prior files use it: read strictly, with the place of every value."""
