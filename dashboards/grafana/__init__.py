"""Grafana's dashboards as code: one module a dashboard in ``boards``, written as JSON into ``json`` (make dashboards).

The JSON is committed and provisioned as it is,
so that whoever runs Grafana needs neither Python nor this package; a test
holds it against what the code makes.
"""
