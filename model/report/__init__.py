"""Results as text: the brief, and the words that stand for probabilities."""
