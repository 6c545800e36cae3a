"""What vendors send, as touchpoints (docs/channels.md): one pure module a vendor, found by its name."""
