"""A saved prior file becomes the active revision while the service runs.

One process a host, the *loader*, is forked from gunicorn's master beside the serving workers. Read it in this order:
``watch`` (what the folder of models says, once nobody writes), ``loading`` (a folder read and compiled in a child with
limits of time and memory), ``mapped`` (a compiled model on disk, which workers map), ``states`` (which revision of
each model is served: one file a state), ``board`` (memory that all processes share: which state is the present one, and
what each worker has), ``follower`` (in each worker: maps the next state, and serves it once the board says so),
``record`` (what is kept in the store), ``pending_writes`` (what the store could not take yet), ``stored`` (what is
served from the store), ``asked`` (revisions that are not served), ``unwatched`` (models that only the folder of a host
has which follows another), ``publishing`` (a state that all workers serve at once), ``loader`` (the loop of the
loader), ``process`` (gunicorn's hooks).
"""
