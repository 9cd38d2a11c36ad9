"""33 landmarks of a body in pictures, and the body motion that is fitted to them: MediaPipe's definition, joints, limits. No files."""
