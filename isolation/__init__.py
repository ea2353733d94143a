"""A target in a process of its own: what it does to its process costs one case, and everything else is still run.

`front.run_wanted` runs what a user asked for, in this process or with its targets kept apart; `pool.run_job` is one target,
`executor.executor` the pool through which many go, `surveying.survey` every release of a package (`recognizing` knows those
that share a quantizer), `spreading` the ranges of a sweep.
"""
