from dashboards.grafana.boards.floor import board
