"""The junction tree as two flat arrays, and compiled loops over them. Begin with ``layout``: it draws the arrays.

``offsets``, ``index_maps``, ``axis_order``, ``prior_passes`` and ``shortcuts`` work out what ``pack`` writes;
``executor`` runs the kernels: evidence enters, messages are collected to the root and distributed from it.
"""
