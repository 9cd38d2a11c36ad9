"""From hands on single frames to the left and the right one of each person, and whether a body is theirs."""
