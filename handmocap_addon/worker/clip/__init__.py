"""How clips are read: which frames there are, when each is shown, and what its upright pixels are."""
