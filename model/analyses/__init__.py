"""What may be asked of a forecast beside its probabilities: a file an analysis.

``evidence_subsets``, ``parameter_derivatives`` and ``leave_out`` are shared by several of them.
"""
