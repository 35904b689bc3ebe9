"""The server's side of HTTP: a gunicorn worker that lets no connection hold a thread.

``framing`` finds where a request ends, ``connection`` holds what has come of it, ``response`` gathers the answer,
``error_responses`` are the server's own, ``observer`` writes each request down, in the counters and in the
``access_log``, and ``worker`` is the loop over them.
"""
