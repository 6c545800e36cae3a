"""Grafana, Prometheus, Alertmanager and the console, as code. Empty but for this line until the issues that fill it."""
