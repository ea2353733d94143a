#!/bin/sh
# What the project's CI runs. It fails on whatever the baseline does not know, and on a baseline that is no longer true.
set -u
python=${PYTHON:-python3}
status=0

"$python" -m fsqcheck run --report fsqcheck.jsonl || status=$?
"$python" -m fsqcheck render fsqcheck.jsonl --markdown fsqcheck.md --junit fsqcheck.xml --badge fsqcheck.svg || status=$?
# The record of the last release, if there is one: what regressed, and what passes with other values?
if [ -f released.jsonl ]; then
    "$python" -m fsqcheck compare released.jsonl fsqcheck.jsonl || status=$?
fi
"$python" -m pytest -q || status=$?

exit $status
