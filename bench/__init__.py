"""How fast the engine and the service are beside their peers, always as ratios from one interleaved run."""
