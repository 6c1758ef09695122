"""Edit the text of manifests and CSV files by the smallest splices; every other byte stays.

``tree`` says where in a text each value stands, ``splice`` cuts and pastes, ``scalar`` writes
values, ``entry`` adds and takes out, ``reconcile`` makes a value another one, ``items`` knows the
devices and types of a manifest, ``table`` the rows of a CSV file; ``work`` says what every file has
to become to take drift over, ``proof`` holds the outcome against what was meant.
"""
