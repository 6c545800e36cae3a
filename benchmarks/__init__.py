"""touchpath side by side with its peers: python -m benchmarks. What is measured and how: benchmarks/README.md."""
