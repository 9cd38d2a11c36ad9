"""Results that are there, in part or whole, and whether they would come out the same again."""
