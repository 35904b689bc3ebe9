"""How sure the numbers are: the parameters of the priors, draws of them, intervals, and counts that update them."""
