"""What every stage draws, says and starts alike. Knows no stage."""
