"""Ask the policies of a fleet what they say to a plan; pure: values in, outcomes out."""
