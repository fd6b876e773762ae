"""``@task.ml_quality``, ``@task.ml_drift`` and ``@task.ml_model_quality``: what a function returns is judged."""
