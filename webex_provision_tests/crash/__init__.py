"""Real processes that are really killed, over a tenant that outlives them."""
