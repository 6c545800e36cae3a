"""Grafana, Prometheus, Alertmanager and the console, as code."""
