"""The pages, and what makes the site and the reference of them; nothing here is installed."""
