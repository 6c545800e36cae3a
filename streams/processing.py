"""Run a stage over a batch so that a record which it cannot digest costs only that record."""

from __future__ import annotations

import logging

from streams.batch import Batch
from streams.stage import Stage
from streams.store import StoreError

log = logging.getLogger(__name__)


def process(stage: Stage, batch: Batch) -> None:
    """Fold the batch's records into it.

    What the stage raises is tried once more, then halved until the records that cause it are found; those go to the
    dead letters with the exception's class and message. A failing store is no record's fault, and is raised.
    """
    if not batch.records:
        return
    for attempt in (1, 2):
        child = batch.child(batch.records)
        try:
            stage.process(child)
        except StoreError:
            raise
        except Exception as error:
            failure = error
            log.warning(
                "stage %s, partition %d: %d records failed, attempt %d: %s",  # what it says may hold an event's values
                *(stage.name, batch.partition, len(batch.records), attempt, type(error).__name__),
            )
        else:
            batch.absorb(child)
            return
    _bisect(stage, batch, failure)


def _bisect(stage: Stage, batch: Batch, failure: Exception) -> None:
    """Process the records, known to fail together with `failure`, in ever smaller parts and in their order."""
    records = batch.records
    if len(records) == 1:
        told = "the stage failed on it; what it said is under the seal"
        batch.reject(records[0], type(failure).__name__, told, str(failure))
        return
    middle = len(records) // 2
    for part in (records[:middle], records[middle:]):
        child = batch.child(part)
        try:
            stage.process(child)
        except StoreError:
            raise
        except Exception as error:
            child = batch.child(part)
            _bisect(stage, child, error)
        batch.absorb(child)
