"""What each compiled kernel computes, said again in a few lines of numpy: dense tables, scopes and sets of cliques."""
