"""Show plans and reports as Markdown, for pull requests: short, exact and harmless."""
