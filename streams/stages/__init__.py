"""The stages: decode, fold with the pure core, emit what changed."""
