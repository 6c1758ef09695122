"""Tell what the org has that git did not say from what git has that the org does not yet.

``origin`` says who registered a device, ``base`` which state both sides are held against,
``field`` which side moved, ``classify`` goes through the fleet, ``accept`` gives the fleet that
takes the drift over.
"""
