"""The names that xorlab writes to MLflow: statuses, tags, and the metric of the curve."""

from __future__ import annotations

FINISHED, FAILED, KILLED, RUNNING = "FINISHED", "FAILED", "KILLED", "RUNNING"
CURVE = "loss"
TRACEBACK_FILE = "traceback.txt"  # of a run that failed

KEY_TAG = "xorlab.key"
SWEEP_TAG = "xorlab.sweep"
RECORD_TAG = "xorlab.record"  # id of the record, the same however often it is sent to a server
ONCE_TAG = "xorlab.once"  # when a run was made that may be deleted as a duplicate
OUTCOME_TAG = "xorlab.outcome"
LANDSCAPE_TAG = "xorlab.landscape"
IDENTITY_TAG = "xorlab.sweep_key"
COMMAND_TAG = "xorlab.command"  # of a sweep: the command that started it last
OWNER_TAG = "xorlab.owner"
HEARTBEAT_TAG = "xorlab.heartbeat"

PARENT_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"

LATEST = "latest"  # stands for the id of the last sweep, or landscape
