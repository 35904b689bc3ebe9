"""From files of the right shape to a model: names looked up, gates built, counts applied, or every problem found."""
