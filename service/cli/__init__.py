"""The command line. ``main`` has the commands; each imports what it needs when it runs."""
