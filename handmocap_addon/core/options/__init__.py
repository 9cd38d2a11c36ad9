"""How command lines are read, the same in every program. Standard library only."""
