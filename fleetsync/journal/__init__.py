"""Remember what an apply has begun, so that the next one can settle it and undo can take it back.

``line`` writes and checks one line, ``entry`` says what a line can tell, ``run`` reads all of one
run, ``file`` writes one run, ``folder`` keeps the runs of a fleet, ``plan_copy`` the plan that the
newest one carries out.
"""
