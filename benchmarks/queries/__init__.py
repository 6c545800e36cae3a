"""How long dashboards' panels take to answer, on a store that has had a large centre's year."""
