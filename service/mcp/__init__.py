"""The Model Context Protocol: how agents ask the service, at one address and without a session.

``messages`` reads and writes JSON-RPC, ``versions`` says which revisions of the protocol are spoken and what a request
must have, ``dispatch`` answers its methods, ``tools`` are what may be called, each answered by the operation that
answers it over HTTP, ``shapes`` what they say, and ``short`` makes that of the answers of operations.
"""
