"""From the topics to where people look: ClickHouse, the embedded store, Prometheus."""
