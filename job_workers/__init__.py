"""Looks at pictures for whoever asks by a queue: encode references, match photos, look through footage.

And runs code that small devices hand over, in a sandbox.

Data flow, left to right:

    Redis (rq) -> queues -> photos (faces) -> queues -> Redis
    Redis (rq) -> queues -> offload -> sandbox -> queues -> Redis

`app` is the process that a person starts: it loads no model, keeps one child a core (`child`), each with the engine
loaded once, kills what is over its deadline or memory, and brings the jobs of dead workers back. A task's result is
written once, however often the task runs.
"""
