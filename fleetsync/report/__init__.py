"""Show plans and outcomes to people and machines: values in, text out."""
