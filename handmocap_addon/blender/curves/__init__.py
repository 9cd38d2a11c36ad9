"""The one doorway to keys and curves, and the record of who made them. Knows no rig: bones are paths of curves here."""
