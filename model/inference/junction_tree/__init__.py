"""Exact inference by junction tree (Lauritzen & Spiegelhalter 1988): the tree, and two ways to propagate in it.

``elimination_order`` searches for a cheap order and ``order_cache`` keeps it; ``triangulation`` makes the tree of
cliques; ``reference`` is the textbook's two passes in numpy, and ``packed`` the same as compiled loops.
"""
