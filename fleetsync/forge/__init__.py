"""Tell a plan where it is reviewed: on GitHub and GitLab."""
