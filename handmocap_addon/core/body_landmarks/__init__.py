"""33 landmarks of a body in pictures, and the body motion that is fitted to them. No files, no pictures."""
