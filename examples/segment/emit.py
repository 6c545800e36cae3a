"""Segment's own Python client, unmodified, pointed at the collector.

    pip install segment-analytics-python
    touchpath collect --data data &
    python examples/segment/emit.py http://127.0.0.1:8080 [WRITE_KEY]

A visitor reads, searches, signs in and asks for an invoice: the client's anonymousId is the identifier `cookie` or
`device` until `identify` says who it is, and what came before joins that customer.
"""

from __future__ import annotations

import sys
import uuid

from segment import analytics

analytics.host = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
analytics.write_key = sys.argv[2] if len(sys.argv) > 2 else "anybody"  # without write keys the collector asks for none
analytics.max_retries = 3
failures: list[Exception] = []
analytics.on_error = lambda error, batch: failures.append(error)

visitor = str(uuid.uuid4())
analytics.page(anonymous_id=visitor, category="help", name="Billing", properties={"path": "/help/billing"})
analytics.track(anonymous_id=visitor, event="Products Searched", properties={"query": "invoice"})
analytics.identify(user_id="42", anonymous_id=visitor, traits={"email": "ann@example.org"})
analytics.track(user_id="42", event="Invoice Requested", properties={"invoice": "4711"})
analytics.flush()
analytics.shutdown()

if failures:
    sys.exit(f"not taken: {failures[0]}")
print(f"all of visitor {visitor} taken")
