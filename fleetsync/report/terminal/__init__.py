"""Fit text to a terminal: its width, its colours, a view that is drawn anew."""
