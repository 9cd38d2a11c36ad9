"""What a clip is made of and what lies beside it: pictures, frames, neighbours. Nothing is decoded here."""
