"""Read options, call the rooms, show results, and turn errors into exit codes."""
