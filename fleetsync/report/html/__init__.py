"""Write plans, and what became of them, as one HTML page that needs nothing else."""
